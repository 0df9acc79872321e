"An evaluation that is killed without warning, in the middle of painting and of scoring, ends as one that nobody touched; and what it says of pictures that are gone, torn, foreign or nobody's."
import shutil, signal

import pytest

from shoes_lora.catalogue import draw_catalogue
from shoes_lora.checkpoints import read_json, write_json
from shoes_lora.config import TrainConfig
from shoes_lora.inference import read_sample
from shoes_lora.plan import EvalPlan, Evaluation
from shoes_lora.train import train
from test_cli import error, shell, started, stop

N, NAMES = 16, ('base', 'checkpoint-2', 'checkpoint-4')   # pictures of each candidate

@pytest.fixture(scope='module')
def home(tmp_path_factory):
    "Drawn photos, a run of two checkpoints, and its evaluation in `whole`, which nobody touched."
    home = tmp_path_factory.mktemp('kill')
    draw_catalogue(60, 32, seed=5, folder=home/'photos', progress=False)
    train(TrainConfig(data=str(home/'photos'), output=str(home/'run'), base='tiny', resolution=32, train_batch_size=4, gradient_accumulation_steps=1, max_train_steps=4, checkpointing_steps=2, lr_warmup_steps=0, learning_rate=5e-3,
                      validation_prompts=['red shoes'], num_validation_images=1, validation_inference_steps=2, gradient_checkpointing=False, device='cpu'), progress=False)
    status, out, err = shell(*words(home, 'whole'), cwd=home)
    assert status == 0 and 'nsufficient' in out, err[-3000:]
    return home

def words(home, folder):
    "The command line that evaluates into `folder`, four pictures at a time, so that a kill finds a candidate half painted."
    place = Evaluation(home/folder)
    if not place.painting.exists(): write_json(place.painting, dict(device='cpu', batch_size=4))     # as an earlier call would have left it
    return ['evaluate', 'run', '--pictures', N, '--output', folder, '--no-notebooks', '--device', 'cpu']

def pictures(place):
    "Pixels and records of all pictures, and the names of all files beside them."
    files = sorted(f for part in (place, place.recall) for name in NAMES for f in part.samples(name).iterdir())
    return {f.relative_to(place.path).as_posix(): (s.image.tobytes(), s.seed, s.prompt, s.adapter_hash) for f in files if f.suffix == '.png' and f.name[0] != '.' for s in [read_sample(f)]}, files

def numbers(found):
    "What was measured, without the times it took."
    if isinstance(found, dict): return {k: numbers(v) for k, v in found.items() if k not in ('created', 'seconds')}
    return [numbers(v) for v in found] if isinstance(found, list) else found

def test_killed_evaluation_ends_as_one_that_nobody_touched(home):
    place, whole, line = Evaluation(home/'killed'), Evaluation(home/'whole'), words(home, 'killed')
    painted = lambda: len(list(place.path.glob('samples/*/[!.]*.png')))
    rows = lambda: len(list(place.features.glob('*/[!.]*.npy')))
    counts = []
    def cut(when): assert stop(started(line, home), signal.SIGKILL, when)[0] == -signal.SIGKILL
    cut(lambda: painted() >= N + 2)
    assert N + 2 <= painted() < 3*N and not rows(), 'it was not killed while it painted'
    def judging(): # the first record is there, and more features than when it came
        if place.record('base').exists(): counts.append(rows())
        return counts and counts[-1] > counts[0]
    cut(judging)
    assert place.record('base').exists() and not place.record('checkpoint-4').exists() and not place.scores.exists(), 'it was not killed while it scored'
    status, out, err = shell(*line, cwd=home)
    assert status == 0 and 'nsufficient' in out, err[-3000:]
    (ours, files), (theirs, _) = pictures(place), pictures(whole)
    wanted = {p.file for part in (place, place.recall) for p in EvalPlan.from_json(part.plan.read_text()).pictures()}
    assert len(ours) == 3*len(wanted) == 3*(N + N//2) and ours == theirs, 'the kills changed pictures'
    assert [f for f in files if f.suffix == '.png' and f.name[0] != '.' and f.name not in wanted] == []
    assert [f.name for f in files if f.suffix != '.png' and f.name[0] != '.'] == [], 'a rest of a killed write has a name of its own'
    scores = [numbers(read_json(p.scores)) for p in (place, whole)]
    assert scores[0] == scores[1], 'the kills changed what was measured'

def last(home):
    "The evaluation in `whole`, copied, and one picture of its last checkpoint."
    if (home/'copy').exists(): shutil.rmtree(home/'copy')
    shutil.copytree(home/'whole', home/'copy')
    place = Evaluation(home/'copy')
    return place, place.samples('checkpoint-4')/EvalPlan.from_json(place.plan.read_text()).pictures()[3].file

def test_missing_pictures_are_painted_again(home):
    place, _ = last(home)
    for p in EvalPlan.from_json(place.plan.read_text()).pictures()[1::3]:                       # parts of every batch, whose other pictures stay
        for name in NAMES: (place.samples(name)/p.file).unlink()
    kept = {f: f.stat().st_mtime_ns for f in place.path.glob('samples/*/*.png')}
    assert shell(*words(home, 'copy'), cwd=home)[0] == 0
    assert pictures(place)[0] == pictures(Evaluation(home/'whole'))[0] and numbers(read_json(place.scores)) == numbers(read_json(Evaluation(home/'whole').scores))
    assert {f: f.stat().st_mtime_ns for f in kept} == kept, 'pictures that were there were painted again'

@pytest.mark.parametrize('part', [0, 100, .5, .99])     # of its bytes
def test_a_torn_picture_is_named(home, part):
    place, file = last(home)
    data = file.read_bytes(); file.write_bytes(data[:int(part*len(data)) if part < 1 else part])
    assert file.name in error(*words(home, 'copy'), cwd=home)
    file.write_bytes(data)

def test_a_foreign_picture_is_named(home):
    place, file = last(home)
    shutil.copy(file, file.with_name('holiday.png'))
    line = error(*words(home, 'copy'), cwd=home)
    assert 'holiday.png is not in the plan' in line and 'move it away' in line
    file.with_name('holiday.png').unlink(); other = place.samples('checkpoint-4')/EvalPlan.from_json(place.plan.read_text()).pictures()[4].file
    shutil.copy(file, other)
    assert shell(*words(home, 'copy'), cwd=home)[0] == 0 and pictures(place)[0] == pictures(Evaluation(home/'whole'))[0], 'the picture of another prompt was believed'

def test_a_dot_file_is_no_picture(home):
    place, file = last(home)
    before = file.stat().st_mtime_ns
    file.with_name('._x.png').write_bytes(b'macOS leaves these'); file.with_name(f'.{file.name}.0a1b2c3d.tmp').write_bytes(file.read_bytes()[:300])
    assert shell(*words(home, 'copy'), cwd=home)[0] == 0
    assert numbers(read_json(place.scores)) == numbers(read_json(Evaluation(home/'whole').scores)) and file.stat().st_mtime_ns == before
