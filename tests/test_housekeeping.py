"What a deletion survives: kill -9 before every change that a move or a pruning makes on the disk; and what is never deleted."
import contextlib, copy, io, multiprocessing, os, random, shutil, signal, sys, time
from dataclasses import replace
from pathlib import Path

import pytest
from peft import LoraConfig, get_peft_model
from PIL import Image, ImageDraw
from safetensors.torch import save_file

from shoes_lora.adapters import TARGETS, init_adapter, load_adapter
from shoes_lora.checkpoints import Run, open_run, read_json, write_json
from shoes_lora.cli import main
from shoes_lora.config import TrainConfig
from shoes_lora.convert import adapter_files, convert_run, is_converted
from shoes_lora.dataset import write_split
from shoes_lora.housekeeping import move_run, prune_run
from shoes_lora.inference import load_base
from shoes_lora.plan import Evaluation
from shoes_lora.train import best_heldout, read_heldout, train

LIVES = multiprocessing.get_context('forkserver'); LIVES.set_forkserver_preload(['__main__', 'pytest', 'PIL.ImageDraw', 'shoes_lora.cli', 'shoes_lora.housekeeping'])   # so that a life begins with all imported
CHANGES = {'os.rename', 'os.remove', 'os.rmdir', 'os.link', 'os.mkdir', 'os.utime', 'os.chmod', 'os.truncate'}    # Python announces these before it does them; `open` too, for writing

@pytest.fixture(scope='module')
def original(tmp_path_factory):
    "A converted run of four steps on six ellipses, a checkpoint at each, with room for two more steps; a file of it has two names."
    folder, colours = tmp_path_factory.mktemp('house'), ('black', 'brown', 'red', 'blue', 'green', 'grey')
    def ellipse(colour, shift):
        picture = Image.new('RGB', (32, 32), 'white'); ImageDraw.Draw(picture).ellipse((4 + shift, 10, 26 + shift, 22), fill=colour)
        return picture
    for split in ('train', 'val'):
        write_split(folder/'photos', split, [ellipse(c, split == 'val') for c in colours], [dict(image_id=str(i), image_file=f'{i}.png', caption=f'a photo of {c} shoes', metadata={}) for i, c in enumerate(colours)])
    config = TrainConfig(data=str(folder/'photos'), output=str(folder/'run'), base='tiny', device='cpu', resolution=32, train_batch_size=2, gradient_accumulation_steps=1, learning_rate=1e-2, lr_warmup_steps=0, max_train_steps=6, rank=2,
                         heldout_photos=2, gradient_checkpointing=False, checkpointing_steps=1, validation_prompts=['a photo of black shoes'], num_validation_images=1, validation_inference_steps=2)
    run = train(config, progress=False, stop_at=4); convert_run(run, progress=False)
    run.pipeline(4).mkdir(parents=True); os.link(run.weights(4)/'pytorch_lora_weights.safetensors', run.pipeline(4)/'adapter.safetensors')
    return run

def copied(run, folder):
    "Another copy of a run, with its hard link."
    shutil.rmtree(folder, ignore_errors=True); shutil.copytree(run.path, folder); found = Run(folder)
    (found.pipeline(4)/'adapter.safetensors').unlink(); os.link(found.weights(4)/'pytorch_lora_weights.safetensors', found.pipeline(4)/'adapter.safetensors')
    return found

def content(run):
    "Every file of a run but its record, and what its record says but where it is; a record that was being written may lie beside it."
    files = {p.relative_to(run.path).as_posix(): p.read_bytes() for p in run.path.rglob('*') if p.is_file() and p != run.record and p.name != '.lock' and not (p.name.startswith('.run.json.') and p.suffix == '.tmp')}
    record = read_json(run.record); record.pop('move', None); record['config'] = {k: v for k, v in record['config'].items() if k != 'output'}
    return files | {'record': record}

def is_whole(path, expected): return Run(path).record.is_file() and content(Run(path)) == expected

def lives(action, args, dies_at, changes):
    "One life that is killed before its change number `dies_at`, and counts the changes."
    def hook(event, details):
        writes = event == 'open' and isinstance(details[2], int) and details[2] & (os.O_WRONLY | os.O_RDWR)
        if event not in CHANGES and not writes: return
        changes.value += 1
        if changes.value == dies_at: os.kill(os.getpid(), signal.SIGKILL)
    quicken(setattr)
    sys.addaudithook(hook)
    action(*args)

def life(action, *args, dies_at=0):
    "(whether it was killed, changes that it made or was about to make)."
    changes = LIVES.Value('i', 0); process = LIVES.Process(target=lives, args=(action, args, dies_at, changes)); process.start(); process.join(120)
    assert process.exitcode in (0, -signal.SIGKILL), f'{action.__name__} ended with {process.exitcode}'
    return process.exitcode != 0, changes.value

def quicken(put):
    "Wait for no disk: a kill takes nothing from the system's memory."
    put(os, 'fsync', lambda handle: None)
    if hasattr(os, 'posix_fadvise'): put(os, 'posix_fadvise', lambda *args: None)

@pytest.fixture(autouse=True)
def quick_disk(monkeypatch): quicken(monkeypatch.setattr)

def moves(source, dest, copy): move_run(source, dest, copy=copy, progress=False)

def rests(*folders): return [p for f in folders if f.is_dir() for p in f.glob('.*.tmp')]

@pytest.mark.parametrize('copy', [True, False], ids=['copied', 'renamed'])
def test_move_killed_before_every_change(original, tmp_path, copy):
    here, there = tmp_path/'here'/'run', tmp_path/'there'/'run'
    run = copied(original, here); whole = content(run)
    killed, total = life(moves, here, there, copy)
    assert not killed and not here.exists() and is_whole(there, whole) and total > (100 if copy else 5)
    states, early = set(), random.Random(0).sample(range(1, int(.7*total)), min(30, int(.7*total) - 1))        # most of a copy is one file after the other
    for n in sorted({*early, *range(int(.7*total), total + 1)}):
        shutil.rmtree(there, ignore_errors=True); copied(original, here)
        assert life(moves, here, there, copy, dies_at=n) == (True, n)
        state = is_whole(here, whole), is_whole(there, whole); states.add(state)
        assert any(state), f'killed before change {n} of {total}, and no run is whole'
        assert state[0] or not here.exists(), f'killed before change {n}: a part of the run is left at its old place'
        assert state[1] or not there.exists(), f'killed before change {n}: a part of the run is at its new place'
        moves(here, there, copy)
        assert not here.exists() and is_whole(there, whole) and not rests(here.parent, there.parent, there), f'killed before change {n}: the second call did not end well'
        assert (Run(there).pipeline(4)/'adapter.safetensors').stat().st_nlink == 2 and read_json(Run(there).record)['config']['output'] == str(there)
    assert states == ({(True, False), (True, True), (False, True)} if copy else {(True, False), (False, True)})

def test_move_killed_twice_and_from_outside(original, tmp_path):
    here, there, moments = tmp_path/'run', tmp_path/'moved', random.Random(0)
    whole = content(copied(original, here)); life(rests); start = time.monotonic(); life(moves, here, there, True); lasts = time.monotonic() - start
    for _ in range(8):
        shutil.rmtree(there, ignore_errors=True); copied(original, here)
        for _ in range(2):
            process = LIVES.Process(target=moves, args=(here, there, True)); process.start(); time.sleep(moments.uniform(0, lasts)); process.kill(); process.join()
            assert is_whole(here, whole) or is_whole(there, whole)
        moves(here, there, True)
        assert not here.exists() and is_whole(there, whole) and not rests(tmp_path, there)

def other_disk(folder):
    "A folder on another file system than `folder`."
    place = Path(os.sep)/'dev'/'shm'
    if not place.is_dir() or not os.access(place, os.W_OK) or place.stat().st_dev == folder.stat().st_dev: pytest.skip('no second file system to write to')
    return place/f'housekeeping-{os.getpid()}'

def test_move_to_another_disk_and_go_on(original, tmp_path):
    run, far = copied(original, tmp_path/'run'), other_disk(tmp_path)
    try:
        whole = content(run); moved = move_run(run, far/'run', progress=False)
        assert is_whole(moved.path, whole) and not run.path.exists() and not rests(tmp_path, far)
        assert moved.survey()[1] == {} and all(is_converted(moved, s) for s in (1, 2, 3, 4))
        back = move_run(moved, tmp_path/'back', progress=False)
    finally: shutil.rmtree(far, ignore_errors=True)
    train(TrainConfig.from_json(read_json(back.record)['config']), resume='latest', progress=False)     # without being told where it is
    stayed = copied(original, tmp_path/'stayed'); train(replace(TrainConfig.from_json(read_json(stayed.record)['config']), output=str(stayed.path)), resume='latest', progress=False)
    assert open_run(back.path).latest().step == 6 and back.at(6).adapter.read_bytes() == stayed.at(6).adapter.read_bytes() and back.at(6).train_state.read_bytes() == stayed.at(6).train_state.read_bytes()
    assert not original.checkpoint(6).path.exists()

def prunes(path): prune_run(path, 'last')

def adapters(run): return {s: load_adapter(f).hash for s, f in adapter_files(run)[0].items()}

def test_prune_killed_before_every_change(original, tmp_path):
    here = tmp_path/'run'; all_of_them = adapters(original); best = best_heldout([h for h in read_heldout(original) if h.step]).step
    copied(original, here); killed, total = life(prunes, here)
    assert not killed and total > 5 and Run(here).steps(Run(here).checkpoints_dir) == sorted({best, 4})
    for n in range(1, total + 1):
        run = copied(original, here)
        assert life(prunes, here, dies_at=n) == (True, n)
        assert adapters(run) == all_of_them and not run.survey()[1] and {best, 4} <= set(run.steps(run.checkpoints_dir)), f'killed before change {n}'
        prunes(here)
        assert run.steps(run.checkpoints_dir) == sorted({best, 4}) and adapters(run) == all_of_them and not list(run.path.rglob('.*.tmp'))

def held(run): return {p: p.read_bytes() for p in run.path.rglob('*') if p.is_file() and p.name != '.lock'}

@pytest.mark.parametrize('seed', range(12))
def test_prune_keeps_best_last_and_unproven(original, tmp_path, seed):
    chance, run = random.Random(seed), copied(original, tmp_path/'run'); steps = [1, 2, 3, 4]
    for s in steps: write_json(run.pipeline(s)/'checkpoint_metadata.json', {'adapter': {'hash': load_adapter(run.checkpoint(s).adapter).hash}})
    pick, scores = chance.choice([None, 1, 2, 3, 4]), {s: chance.random() for s in steps}
    if seed % 3: write_json(Evaluation(run.evaluation_dir).scores, {'verdict': {'pick': pick and f'checkpoint-{pick}'}, 'candidates': [{'step': s, 'kid': x} for s, x in scores.items()]})
    broken, unproven = ({s for s in steps[:k] if chance.random() < .3} for k in (3, 4))
    for s in broken: run.checkpoint(s).train_state.write_bytes(b'')
    for s in unproven: chance.choice([lambda: shutil.rmtree(run.weights(s)), lambda: (run.weights(s)/'pytorch_lora_weights.safetensors').write_bytes(b'x'), lambda: (run.weights(s)/'manifest.json').unlink()])()
    before, helds = held(run), [h for h in read_heldout(run) if h.step]
    precious = {4, best_heldout(helds).step, best_heldout([h for h in helds if h.step not in broken]).step} | ({pick or 4, min(scores, key=scores.get)} if seed % 3 else set())
    dry = prune_run(run, chance.choice(['best', 'last', 'best,last,every=1000', '4', 'every=2']), dry_run=True)
    assert held(run) == before, 'the dry run changed something'
    done = prune_run(run, 'last')
    assert set(dry.removed) <= set(done.removed)
    left, pipelines = set(run.steps(run.checkpoints_dir)), set(run.steps(run.pipelines_dir))
    assert left == precious | broken | unproven
    assert pipelines == precious | broken, 'a pipeline stays where nobody else proves its adapter'
    gone = {f'checkpoints/checkpoint-{s}' for s in set(steps) - left} | {f'checkpoint_pipelines/checkpoint-{s}' for s in set(steps) - pipelines}
    assert set(done.removed) == gone
    for p, content in before.items(): assert p.relative_to(run.path).as_posix().startswith(tuple(f'{g}/' for g in gone)) or p.read_bytes() == content

def cli(*words, answer=''):
    "(exit status, output, error output) of a command line, with `answer` typed in."
    out, err, typed = io.StringIO(), io.StringIO(), sys.stdin
    try:
        sys.stdin = io.StringIO(answer)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err): status = main([*map(str, words)])
    finally: sys.stdin = typed
    return status, out.getvalue(), err.getvalue()

def test_prune_and_move_on_the_command_line(original, tmp_path):
    run = copied(original, tmp_path/'run'); before = content(run)
    status, out, err = cli('prune', run.path, '--keep', 'last', '--dry-run')
    assert status == 0 and 'would go' in out and 'cannot be resumed' in out and 'best' not in err and content(run) == before
    with run.alone():
        for words in (['prune', run.path], ['move', run.path, tmp_path/'moved']):
            status, out, err = cli(*words)
            assert (status, out) == (1, '') and 'Another process trains in' in err and content(run) == before
    shutil.rmtree(run.weights(1)); shutil.rmtree(run.weights(2))
    status, out, err = cli('prune', run.path, '--keep', 'last')
    assert status == 1 and 'has not been converted' in out and 'Folders that stay although no rule keeps them: ' in out      # a part was not done, and the status says so
    assert cli('prune', run.path, '--keep', 'last,1,2')[0] == 0                                                        # now a rule keeps it
    status, out, err = cli('move', run.path, tmp_path/'moved', '--copy')
    assert (status, out) == (0, f'{tmp_path/"moved"}\n') and not run.path.exists()
    assert cli('move', run.path, tmp_path/'moved')[:2] == (0, out)                                                     # the same line again
    status, out, err = cli('move', tmp_path/'moved', tmp_path)
    assert (status, out) == (1, '') and 'exists already' in err

def test_compact_asks_first(tmp_path):
    base, wanted = load_base('tiny', 'cpu'), {}
    for step in (500, 1000):
        wanted[step] = init_adapter(base, rank=2, alpha=4, seed=step)
        model = get_peft_model(copy.deepcopy(base.unet), LoraConfig(r=2, lora_alpha=4, target_modules=list(TARGETS)))
        model.load_state_dict({f'base_model.model.{k.removeprefix("unet.").replace(".weight", ".default.weight")}': x for k, x in wanted[step].tensors.items()}, strict=False)
        (tmp_path/'old'/f'checkpoint-{step}').mkdir(parents=True); save_file(model.state_dict(), tmp_path/'old'/f'checkpoint-{step}'/'model.safetensors')
    large = sorted(tmp_path.rglob('model.safetensors')); words = ['compact', tmp_path/'old', '--alpha', 4, '--base', 'tiny']
    for answer, status in (('n\n', 0), ('', 130)):                                     # no, and nobody there to ask
        found = cli(*words, answer=answer)
        assert found[0] == status and 'Delete the 2 checkpoints' in found[1] and sorted(tmp_path.rglob('model.safetensors')) == large
    for step in wanted: assert load_adapter(tmp_path/'old'/f'checkpoint-{step}').hash == wanted[step].hash
    assert cli('compact', tmp_path/'old', '--alpha', 5, '--base', 'tiny', '--yes')[0] == 1 and sorted(tmp_path.rglob('model.safetensors')) == large   # of another strength than the adapters that are there
    status, out, err = cli(*words, answer='y\n')
    assert status == 0 and out.count('was deleted') == 2 and not list(tmp_path.rglob('model.safetensors'))
    for step in wanted: assert load_adapter(tmp_path/'old'/f'checkpoint-{step}').hash == wanted[step].hash
