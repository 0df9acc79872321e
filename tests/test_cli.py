"The console command as a shell sees it: exit statuses, one-line errors, interruptions, and how soon the help is there."
import contextlib, io, json, os, re, resource, shlex, shutil, signal, subprocess, sys, time
from pathlib import Path

import papermill, pytest, typer
from PIL import Image
from typer.main import get_command

from conftest import ROOT
from shoes_lora.cli import app, main

COMMAND = [sys.executable, '-c', 'import sys; from shoes_lora.cli import main; sys.exit(main())']   # the console script's own lines
COMMANDS = ('env', 'demo', 'augment', 'data draw', 'data check', 'data prepare', 'data stats', 'data export', 'train', 'convert', 'inspect', 'export', 'push', 'evaluate', 'compare', 'prune', 'compact', 'move', 'generate', 'generate batch', 'serve', 'expand')
ENV = {**os.environ, 'PYTHONPATH': str(ROOT), 'HF_HUB_OFFLINE': '1'}                                # the errors of a machine without network

def process(*words, cwd):
    "(exit status, output, error output) of one command line in a process of its own."
    r = subprocess.run([*COMMAND, *map(str, words)], cwd=cwd, env=ENV, capture_output=True, text=True, timeout=900)
    return r.returncode, r.stdout, r.stderr

def shell(*words, cwd):
    "The same in this process, which has loaded the heavy packages already."
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err): status = main([*map(str, words)])
    return status, out.getvalue(), err.getvalue()

def error(*words, cwd, run=shell):
    "The one error line of a command line that must fail with status 1."
    status, out, err = run(*words, cwd=cwd)
    assert (status, out) == (1, ''), f'{status}\n{out}\n{err}'
    assert 'Traceback' not in err
    line = err.strip().splitlines()[-1]
    assert line.startswith('Error: ') and err.count('Error: ') == 1, err
    return line

@pytest.fixture(scope='module')
def photos(tmp_path_factory):
    "A drawn photo set of twenty."
    folder = tmp_path_factory.mktemp('cli')/'photos'
    status, out, err = shell('data', 'draw', folder, '--photos', 20, '--size', 64, cwd=folder.parent)
    assert status == 0 and 'train      14 photos' in out, err
    return folder

def test_console_script(tmp_path):
    script = Path(sys.executable).with_name('shoes-lora')
    r = subprocess.run([str(script), '--version'], cwd=tmp_path, capture_output=True, text=True)
    assert r.returncode == 0 and re.fullmatch(r'shoes-lora \d+\.\d+\.\d+\n', r.stdout), r.stderr

def test_help_costs_less_than_half_a_second(tmp_path):
    def cpu_seconds():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert process('--help', cwd=tmp_path)[0] == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert min(cpu_seconds() for _ in range(3)) < 0.5      # processor time, which a busy machine does not stretch

@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_has_an_example(name, tmp_path):
    status, out, err = shell(*name.split(), '--help', cwd=tmp_path)
    assert status == 0 and f'Example:\n    shoes-lora {name}' in out and not err

def test_lines_of_readme_and_help_can_be_parsed(tmp_path):
    text = (ROOT/'README.md').read_text(encoding='utf-8').replace('\\\n', ' ')
    lines = [l.split('#')[0] for block in re.findall(r'```sh\n(.*?)```', text, re.S) for l in block.splitlines() if l.startswith('shoes-lora')]
    for name in COMMANDS: lines += re.findall(r'^ +(shoes-lora .*)', shell(*name.split(), '--help', cwd=tmp_path)[1].split('Example:')[1], re.M)
    assert len(lines) > 2*len(COMMANDS)
    for line in lines:
        command, words = get_command(app), shlex.split(line)[1:]
        while hasattr(command, 'commands'): _, command, words = command.resolve_command(typer.Context(command), words)
        command.make_context(line, list(words))                  # raises for an option or a value it does not know

def test_lines_that_cannot_be_parsed_end_with_2(tmp_path):
    for words in (['frobnicate'], ['train', '--rnak', '4'], ['train', '--rank', 'four'], ['data', 'check']):
        status, out, err = shell(*words, cwd=tmp_path)
        assert (status, out) == (2, '') and err.startswith('Error: ') and '--help' in err and 'Traceback' not in err

def test_wrong_path(tmp_path):
    assert 'nowhere' in error('data', 'check', 'nowhere', cwd=tmp_path, run=process)
    assert 'nowhere' in error('train', '--base', 'tiny', '--data', 'nowhere', cwd=tmp_path)
    assert 'nowhere' in error('convert', 'nowhere', cwd=tmp_path)
    assert 'nowhere' in error('evaluate', 'nowhere', cwd=tmp_path)
    for words in (['prune', 'nowhere'], ['compact', 'nowhere', '--alpha', 16], ['move', 'nowhere', 'elsewhere']): assert 'nowhere' in error(*words, cwd=tmp_path)
    assert not (tmp_path/'elsewhere').exists()

def checked(folder, cwd, *more):
    "(exit status, output) of the check of a drawn set."
    return shell('data', 'check', folder, '--min-side', 64, '--no-near', *more, cwd=cwd)[:2]

def test_unreadable_picture(photos, tmp_path):
    shutil.copytree(photos, tmp_path/'photos')
    picture = sorted((tmp_path/'photos'/'train'/'images').glob('*.png'))[3]
    picture.write_bytes(picture.read_bytes()[:200])
    status, out = checked('photos', tmp_path)
    assert status == 1 and re.search(f'1 left out +unreadable +train/images/{picture.name}', out), out
    (tmp_path/'photos'/'train'/'images'/'._x.png').write_bytes(b'sidecar')             # macOS leaves these; they are no pictures
    Image.radial_gradient('L').resize((64, 64)).save(picture)
    assert checked('photos', tmp_path)[0] == 0
    assert (tmp_path/'outputs'/'cache').is_dir() and not list((tmp_path/'photos').rglob('*cache*'))

def test_captions_that_name_a_missing_file(photos, tmp_path):
    shutil.copytree(photos, tmp_path/'photos')
    picture = sorted((tmp_path/'photos'/'val'/'images').glob('*.png'))[0]
    picture.unlink()
    status, out = checked('photos', tmp_path, '--report', 'report.json')
    assert status == 1 and '20 rows read, 19 pictures checked, 19 kept' in out
    assert [(p['rule'], p['file']) for p in json.loads((tmp_path/'report.json').read_text())['problems']] == [('missing-picture', f'val/images/{picture.name}')]
    assert picture.name in error('train', '--base', 'tiny', '--data', 'photos', cwd=tmp_path)   # training takes all or nothing

def test_export_and_stats(photos, tmp_path):
    assert shell('data', 'export', photos, 'kohya', '--to', 'sidecars', cwd=tmp_path)[:2] == (0, 'kohya\n')
    here, there = (json.loads(shell('data', 'stats', folder, '--no-framing', cwd=tmp_path)[1]) for folder in (photos, 'kohya'))
    assert here['photos'] == there['photos'] and here['attributes'] == there['attributes'] and here['captions'] == there['captions']
    assert 'exists already' in error('data', 'export', photos, 'kohya', '--to', 'sidecars', cwd=tmp_path)
    assert 'no place for captions' in error('data', 'export', photos, 'x', '--to', 'folder', cwd=tmp_path) and not (tmp_path/'x').exists()
    (tmp_path/'kohya'/'val'/next(p.name for p in (tmp_path/'kohya'/'val').glob('*.txt'))).unlink()             # one caption less: counted without, and told
    there = json.loads(shell('data', 'stats', 'kohya', '--no-framing', cwd=tmp_path)[1])
    assert (there['photos'], there['skipped']) == (dict(train=14, val=2, test=3), {'missing-caption': 1})

def test_leaks_between_splits(photos, tmp_path):
    shutil.copytree(photos, tmp_path/'photos')
    assert checked('photos', tmp_path, '--leaks')[0] == 0
    train, val = (sorted((tmp_path/'photos'/s/'images').glob('*.png'))[0] for s in ('train', 'val'))
    twin = Image.open(train); twin.putpixel((0, 0), (250, 250, 250)); twin.save(val)
    status, out = checked('photos', tmp_path, '--leaks', '--report', 'report.json')
    assert status == 1 and f'val {val.stem} = train {train.stem}: copy, distance 0.00' in out and checked('photos', tmp_path)[0] == 0
    report = json.loads((tmp_path/'report.json').read_text())
    assert report['compared'] == dict(train=14, val=3, test=3) and report['counts']['leaked-copy'] == 1 and report['leaks'][0]['twin_id'] == train.stem
    for split in ('val', 'test'): shutil.rmtree(tmp_path/'photos'/split)
    status, out = checked('photos', tmp_path, '--leaks')
    assert status == 0 and out.endswith('leaks of held-out photos (14 train): this is one split only, so nothing is held out and there is nothing to compare\n')
    assert "no column 'colour'" in error('data', 'check', photos, '--where', 'colour == "red"', cwd=tmp_path)

def test_half_precision_on_mps_and_on_the_processor(photos, tmp_path):
    half = ('--base', 'tiny', '--device', 'mps', '--dtype', 'float16')     # refused with the reason, on machines without mps too
    assert 'refused on mps' in error('generate', 'shoes', *half, cwd=tmp_path)
    assert 'refused on mps' in error('train', '--data', photos, '--output', 'run', *half, cwd=tmp_path)
    status, out, err = shell('env', *half, cwd=tmp_path)
    assert status == 1 and 'refused on mps' in out and '->' in out
    status, out, err = shell('env', '--base', 'tiny', '--dtype', 'float16', '--device', 'cpu', cwd=tmp_path)
    assert status == 1 and 'float16 is refused on cpu' in out and '->' in out

def test_unknown_base(tmp_path):
    for base, run in (('./nowhere', shell), ('sd15', shell), ('no-such-owner/no-such-model', process)):
        line = error('generate', 'shoes', '--base', base, cwd=tmp_path, run=run)
        assert base in line and 'tiny' in line              # names it, and a base that works

def test_debug_shows_where_from(tmp_path):
    for words in (['--debug', 'data', 'check', 'nowhere'], ['data', 'check', 'nowhere', '--debug']):
        status, out, err = shell(*words, cwd=tmp_path)
        assert status == 1 and 'Traceback' in err and err.strip().splitlines()[-1].startswith('Error: ')

def test_env_says_whether_the_machine_is_ready(tmp_path):
    status, out, err = process('env', '--json', cwd=tmp_path)
    report = json.loads(out)
    assert (status, report['ok'], report['facts']['hub_error']) == (0, True, 'HF_HUB_OFFLINE is set')   # offline, and the embedded base is enough
    assert all(c['remedy'] for c in report['checks'] if c['status'] != 'ok')
    status, out, err = process('env', '--base', 'no-such-owner/no-such-model', '--json', cwd=tmp_path)
    assert (status, json.loads(out)['ok']) == (1, False)

def started(words, cwd):
    "A command line that runs while the test goes on."
    return subprocess.Popen([*COMMAND, *map(str, words)], cwd=cwd, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))   # a suite run in the background inherits an ignored Ctrl-C

def stop(process, signum, when):
    "(exit status, error output) of `process` after `signum`, sent as soon as `when` is true."
    deadline = time.monotonic() + 300
    while not when() and time.monotonic() < deadline and process.poll() is None: time.sleep(0.02)
    process.send_signal(signum)
    err = process.communicate(timeout=120)[1]
    return process.returncode, err

def test_interrupted_training_ends_with_130_and_goes_on(photos, tmp_path):
    (tmp_path/'few.json').write_text(json.dumps(dict(validation_prompts=['red shoes'], num_validation_images=1, validation_inference_steps=1, lr_warmup_steps=0, gradient_accumulation_steps=1)))
    words = ['train', '--config', 'few.json', '--data', photos, '--base', 'tiny', '--max-train-steps', 40, '--checkpointing-steps', 20]
    checkpoints = tmp_path/'run'/'checkpoints'
    status, err = stop(started([*words, '--output', 'run'], tmp_path), signal.SIGINT, (checkpoints/'checkpoint-20'/'manifest.json').exists)
    assert status == 130 and 'Interrupted.' in err and 'Traceback' not in err, f'{status}\n{err[-3000:]}'
    record = json.loads((tmp_path/'run'/'run.json').read_text())
    assert 20 <= record['steps_done'] < record['steps_planned'] == 40 and record['status'] == f'stopped after step {record["steps_done"]} of 40 by SIGINT'
    for line in (['train', '--output', 'run', '--resume', 'latest'], [*words, '--output', 'whole']):
        status, out, err = shell(*line, cwd=tmp_path)
        assert status == 0 and 'checkpoints of steps 20, 40' in out, err[-3000:]
    adapter = lambda run: (tmp_path/run/'checkpoints'/'checkpoint-40'/'pytorch_lora_weights.safetensors').read_bytes()
    assert adapter('run') == adapter('whole'), 'the interruption changed what was learned'

def test_killed_demo_goes_on(tmp_path):
    words = ['demo', 'demo', '--photos', 20, '--max-train-steps', 2, '--checkpointing-steps', 1, '--pictures', 8, '--no-open']
    run = tmp_path/'demo'/'run'
    for when in ((run/'checkpoints').exists, lambda: any((run/'evaluation').rglob('*.png'))):
        assert stop(started(words, tmp_path), signal.SIGKILL, when)[0] == -signal.SIGKILL
    status, out, err = shell(*words, cwd=tmp_path)
    assert status == 0 and out.strip().endswith('report.html'), f'{out}\n{err[-3000:]}'
    for kind in ('base', 'checkpoint-1', 'checkpoint-2'): assert len(list(run.rglob(f'evaluation/samples/{kind}/*.png'))) == 8

def test_demo_twice_and_an_evaluation_elsewhere_and_by_papermill(tmp_path):
    words = ['demo', 'demo', '--photos', 20, '--max-train-steps', 2, '--checkpointing-steps', 2, '--pictures', 4, '--no-open']
    status, out, err = shell(*words, cwd=tmp_path)
    assert status == 0 and out.strip().endswith('report.html'), f'{out}\n{err[-3000:]}'
    costly = [p for p in (tmp_path/'demo').rglob('*') if p.suffix == '.safetensors' or p.suffix == '.png' and {'samples', 'validation', 'photos'} & set(p.parts)]
    times = [p.stat().st_mtime_ns for p in costly]
    assert len(costly) > 20 + 2*4 and shell(*words, cwd=tmp_path)[:2] == (0, out)
    assert [p.stat().st_mtime_ns for p in costly] == times, 'the second call drew, trained or painted again'
    assert sorted(f.name for f in (tmp_path/'demo'/'run'/'evaluation'/'notebooks').iterdir()) == ['base.ipynb', 'checkpoint-2.ipynb']
    status, out, err = shell('evaluate', 'demo/run', '--pictures', 4, '--output', 'second', '--no-notebooks', cwd=tmp_path)
    lines = out.splitlines()
    assert status == 0 and [l.split()[0] for l in lines[:2]] == ['base', 'checkpoint-2'] and 'KID' in lines[1], err[-3000:]
    assert 'nsufficient' in lines[2] and lines[3].startswith('Robustness: ') and Path(lines[-1]).name == 'report.html' and (tmp_path/lines[-1]).is_file()   # four pictures name no winner
    judged = tmp_path/'judged'
    papermill.execute_notebook(str(ROOT/'nbs'/'05_evaluate.ipynb'), str(tmp_path/'out.ipynb'), cwd=str(tmp_path), progress_bar=False,
                               parameters=dict(run=str(tmp_path/'demo'/'run'), checkpoint='checkpoint-2', n=4, out_dir=str(judged)))
    record, twin = (json.loads((folder/'records'/'checkpoint-2.json').read_text()) for folder in (judged, tmp_path/'second'))
    assert record['candidate'] | {'seconds': 0} == twin['candidate'] | {'seconds': 0} and record['context'] == twin['context'], 'the notebook alone judges otherwise than the command'
    assert {p.parent.name for p in judged.rglob('samples/*/*.png')} == {'checkpoint-2'}
    with pytest.raises(papermill.PapermillExecutionError, match="no parameter 'checkpont'"):
        papermill.execute_notebook(str(ROOT/'nbs'/'05_evaluate.ipynb'), str(tmp_path/'out.ipynb'), cwd=str(tmp_path), progress_bar=False, parameters=dict(checkpont='checkpoint-2'))
    status, out, err = shell('evaluate', '--samples', 'demo/run/evaluation/samples/base', '--samples', 'demo/run/evaluation/samples/checkpoint-2', '--data', 'demo/photos', '--output', 'folders', cwd=tmp_path)
    assert status == 0 and [l.split()[0] for l in out.splitlines()[1:3]] == ['base', 'checkpoint-2'] and (tmp_path/'folders'/'scores.json').is_file(), err[-3000:]
    status, out, err = shell('compare', 'demo/run', 'demo/run', '--output', 'both', cwd=tmp_path)
    assert status == 0 and [l.split()[0] for l in out.splitlines()[:3]] == ['base', 'first/checkpoint-2', 'second/checkpoint-2'] and (tmp_path/'both'/'report.html').is_file(), err[-3000:]
    page = (tmp_path/'both'/'report.html').read_text(encoding='utf-8')
    assert page.count('The held-out loss') == 2 and page.count('held-out loss was not measured') + page.count('The held-out loss is smallest') == 2 and page.count('<h3>Training loss</h3>') == 2
    assert 'not part of a comparison' in page and 'Pick against pick' in page and 'first/checkpoint-2 against second/checkpoint-2' in page and 'Gates <span' in page and 'not measured</span></dt><dd>Nobody looked' not in page
    before = (tmp_path/'demo'/'run'/'evaluation'/'scores.json').read_bytes()
    for out in ('demo/run/evaluation', 'demo/run'): assert 'give another folder (--output)' in error('compare', 'demo/run', 'demo/run', '--output', out, cwd=tmp_path)
    assert (tmp_path/'demo'/'run'/'evaluation'/'scores.json').read_bytes() == before, 'a comparison replaced the scores it read'

def test_other_kinds_of_evaluation(tmp_path):
    words = ['demo', 'demo', '--photos', 20, '--max-train-steps', 2, '--checkpointing-steps', 2, '--pictures', 4, '--no-open']
    assert shell(*words, cwd=tmp_path)[0] == 0
    page = (tmp_path/'demo'/'run'/'evaluation'/'report.html').read_text(encoding='utf-8')
    assert 'The held-out loss' in page and 'dt>Gates <span' in page and 'mean KID part of the prompt' in page and 'not judged' in page and 'scope="row"' in page
    adapter = next((tmp_path/'demo'/'run'/'checkpoints'/'checkpoint-2').glob('pytorch_lora*'))
    shutil.copyfile(adapter, tmp_path/'mine.safetensors')
    status, out, err = shell('evaluate', '--lora', 'mine.safetensors', '--base', 'tiny', '--data', 'demo/photos', '--output', 'files', '--pictures', 4, '--weights', '0.5,1', cwd=tmp_path)
    assert status == 0 and [l.split()[0] for l in out.splitlines()[:3]] == ['base', 'mine', 'mine@0.5'], f'{out}\n{err[-3000:]}'
    page = (tmp_path/'files'/'report.html').read_text(encoding='utf-8')
    assert 'mine@0.5' in page and 'Along the steps' not in page and 'the first given' in page and 'weight 0.5' in page
    status, out, err = shell('evaluate', 'demo/run', '--watch', '--no-notebooks', cwd=tmp_path)       # the training has ended: one verdict, and that is all
    assert status == 0 and out.count('report.html') == 1, f'{out}\n{err[-3000:]}'
    shutil.copytree(tmp_path/'files'/'samples'/'base', tmp_path/'theirs'/'base')
    status, out, err = shell('evaluate', '--samples', 'demo/run/evaluation/samples/base', '--samples', 'theirs/base', '--data', 'demo/photos', '--output', 'folders', cwd=tmp_path)
    assert status == 0 and {'scores.json', 'report.md'} <= {f.name for f in (tmp_path/'folders').iterdir()} and '| samples/base | 4 |' in (tmp_path/'folders'/'report.md').read_text(encoding='utf-8'), f'{out}\n{err[-3000:]}'
    assert '--watch is not for --original results and would be ignored' in error('evaluate', '--original', 'x.json', '--watch', cwd=tmp_path)
    assert '--weights is not for --samples folders' in error('evaluate', '--samples', 'demo', '--weights', '1', '--data', 'x', '--output', 'y', cwd=tmp_path)
