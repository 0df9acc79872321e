"The rule on results it did not make: the original system's scores, and verdicts of earlier versions."
import json

import pytest

from conftest import ROOT
from shoes_lora.calibration import judge_original, read_original_results
from shoes_lora.scores import Scores
from shoes_lora.selection import MIN_PICTURES, Gate, Verdict, draw_forest

ORIGINAL = ROOT.parent/'shared'/'data'/'original_run'/'consolidated_results.json'
real = pytest.mark.skipif(not ORIGINAL.is_file(), reason='the results of the original system are not here')

@real
def test_half_of_the_original_scores_are_of_nothing():
    r = read_original_results(ORIGINAL)
    assert list(r.scores) == [f'checkpoint-{k}' for k in (500, 1500, 2500, 3000)] and r.dropped == {k: 16 for k in r.scores}
    assert [round(s.mean(), 2) for s in r.scores.values()] == [28.94, 29.84, 29.44, 29.37]      # as its design notes say
    assert r.sentence.count('16 of 32 entries dropped') == 4 and 'mean 28.94 where 14.47 was reported' in r.sentence

@real
def test_one_file_says_what_four_files_say():
    r = read_original_results(ORIGINAL)
    for name, step in r.steps.items():
        one = json.loads((ORIGINAL.parent/f'metrics_checkpoint_{step}.json').read_text(encoding='utf-8'))['clip_score']['individual_scores']
        assert [x for x in one if x] == r.scores[name].tolist()

@real
def test_the_original_results_support_one_conclusion():
    r = read_original_results(ORIGINAL)
    strict = judge_original(r, min_pictures=MIN_PICTURES)
    assert strict.status == 'insufficient' and strict.pick is None
    v = judge_original(r)
    assert (v.status, v.pick, v.best, v.tied) == ('no base', None, 'checkpoint-1500', ['checkpoint-1500', 'checkpoint-2500', 'checkpoint-3000'])
    assert 'checkpoint-500 is worse than it by more than chance; checkpoint-1500, checkpoint-2500 and checkpoint-3000 cannot be told apart. Nothing to ship by' in v.sentence
    for seed in range(20):                                           # whichever signs are drawn
        assert judge_original(r, seed=seed).tied == v.tied
    assert draw_forest(v, 'CLIP score').axes

def standing(name, step, to_base, tied): # as it was written before there were gates
    return dict(name=name, step=step, score=.3 + to_base, score_se=.01, to_best=.2 + to_base, to_best_se=.01, to_best_interval=[.17, .23], to_base=to_base, to_base_se=.01, to_base_interval=[to_base - .03, to_base + .03], base_correlation=.5, tied=tied)

OLD = dict(status='pick', pick='checkpoint-100', best='checkpoint-100', tied=['checkpoint-100'], sentence='Ship it.', standings=[standing('base', None, 0., False), standing('checkpoint-100', 100, -.2, True)],
           n=256, clusters=150, level=.95, critical=2., detectable=.03)

def test_a_verdict_of_an_earlier_version_is_read():
    v = Verdict.from_json(json.dumps(OLD))
    assert (v.pick, v.base, v.higher, v.dropped, v.details) == ('checkpoint-100', 'base', False, [], '') and v.standings[1].to_base_interval == (-.23, -.17)
    assert Verdict.from_json(v.to_json()) == v and len(draw_forest(v, floor=0.).axes) == 1

def test_a_gate_that_judged_nothing_is_told_from_one_that_passed():
    v = Verdict.from_json(json.dumps(OLD)); v.standings[1].gates = [Gate('footwear', True, 0., .1, 'not judged: no photo is seen as footwear', judged=False), Gate('variety', True, 1., .8, 'enough')]
    assert [g.judged for g in Verdict.from_json(v.to_json()).standings[1].gates] == [False, True]
    old = json.loads(v.to_json())
    for g in old['standings'][1]['gates']: del g['judged']              # as it was written before
    assert [g.judged for g in Verdict.from_json(json.dumps(old)).standings[1].gates] == [True, True]

def test_scores_of_other_pictures_are_not_paired(tmp_path):
    records = {k: dict(clip_score=dict(mean=1., individual_scores=s)) for k, s in (('500', [28, 0, 27]), ('1500', [0, 30, 29]))}
    (tmp_path/'r.json').write_text(json.dumps(records))
    with pytest.raises(ValueError, match='lacks scores at other places'): read_original_results(tmp_path/'r.json')

@pytest.mark.parametrize('gone', ['standings', 'pick', 'sentence', 'n'])
def test_what_is_no_verdict_is_refused(gone):
    with pytest.raises(ValueError, match='not the JSON of a verdict'): Verdict.from_json(json.dumps({k: x for k, x in OLD.items() if k != gone}))

def test_a_verdict_with_gates_survives_the_scores_file():
    rate = dict(value=1., low=.9, high=1., n=1)
    v = Verdict.from_json(json.dumps(OLD)); v.standings[1].gates = [Gate('near-copies', False, .001, .01, 'too many')]; v.standings[1].dropped = True
    scores = dict(version='0', created='', run='', plan_hash='', plan={}, base={}, extractor={}, machine={}, reference=dict(photos=1, floor_photos=1, kid_floor=0., kid_floor_se=0., white_border=rate, colour_match=None, colour_chance=None, footwear=rate), candidates=[], verdict=json.loads(v.to_json()))
    back = Scores.from_json(json.dumps(scores)).verdict
    assert back == v and back.dropped == ['checkpoint-100'] and Scores.from_json(Scores.from_json(json.dumps(scores)).to_json()).verdict == v
