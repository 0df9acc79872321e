"The web service over a real connection on loopback: every call, who gets what while others paint, crashes, full disks and hostile input."
import base64, errno, io, json, os, re, shutil, signal, socket, sqlite3, subprocess, sys, threading, time, zipfile
from multiprocessing import get_context
from pathlib import Path

import httpx, numpy as np, pytest, schemathesis
from hypothesis import HealthCheck, given, settings as bounds
from PIL import Image
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from conftest import ROOT

# Reading the libraries costs ten seconds: one process does it once, and every service and every reference is a fork of it.
PROCESSES = get_context('forkserver')
PROCESSES.set_forkserver_preload(['peft', 'transformers.models.clip.modeling_clip', 'diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion', 'shoes_lora.serve', 'shoes_lora.cli'])

RUN = 'lora_casual_shoes_3000steps_full'   # as the original's documents call theirs
STEPS = 500, 1000, 1500
PROMPT = 'A professional product photo of brown leather casual shoes on white background'
FEW = dict(num_inference_steps=10, size=32)

# what runs in processes of its own

def to_file(log):
    "Send all that this process says to a file."
    f = open(log, 'a', buffering=1, encoding='utf-8')
    for stream in (1, 2): os.dup2(f.fileno(), stream)
    sys.stdout = sys.stderr = f

def write_run(folder, pipe):
    "A run whose adapters are random, in the layout of the training."
    import torch
    from shoes_lora.adapters import Adapter, init_adapter, save_adapter
    from shoes_lora.checkpoints import Run, atomic_dir, write_json, write_manifest, write_tensors
    run, adapters = Run(folder/RUN), {}
    for step in STEPS:
        new, g = init_adapter(pipe, 2, 2, seed=step), torch.Generator().manual_seed(step)
        adapters[step] = Adapter({k: .05*torch.randn(x.shape, generator=g) if 'lora_B' in k else x for k, x in new.tensors.items()}, 2, 2)
        with atomic_dir(run.checkpoint(step).path) as d: save_adapter(adapters[step], d); write_tensors(d/'train_state.safetensors', {'x': torch.zeros(1)}); write_manifest(d, step=step)
    write_json(run.record, dict(config=dict(base='tiny', validation_prompts=[PROMPT]), facts=dict(base_hash=pipe.base_hash), steps_planned=STEPS[-1], steps_done=STEPS[-1]))
    return adapters

def prepare(folder, log):
    "The run, and what the library paints with each of its models, as PNG."
    to_file(log)
    from shoes_lora.adapters import attach, detach
    from shoes_lora.inference import generate, load_base, save_sample
    pipe = load_base('tiny', 'cpu'); adapters = write_run(folder/'runs', pipe)
    for step in (0, *STEPS):
        if step: attach(pipe, adapters[step])
        for seed in (7, 8): save_sample(generate(pipe, [PROMPT], seed=seed, num_inference_steps=10, height=32, width=32, scheduler='dpm++', timestep_spacing='trailing', progress=False)[0], folder/f'{step}-{seed}.png')
        detach(pipe)

def live(words, log, full=None):
    "`shoes-lora serve`; where the file `full` is, the disk is full."
    to_file(log)
    from shoes_lora import history
    from shoes_lora.cli import main
    save = history.save_sample
    def on_a_full_disk(sample, path):
        if full and os.path.exists(full): raise OSError(errno.ENOSPC, 'No space left on device')
        return save(sample, path)
    history.save_sample = on_a_full_disk
    sys.exit(main(['serve', *words]))

class Squares:
    "A painter of squares whose colour is the seed."
    adapters = {}
    def start(self): pass
    def close(self): pass
    def clear(self): pass
    def together(self, order): return 8
    def notes(self, order): return []
    def look(self, z): return b'a preview'
    def facts(self): return dict(base='tiny', device='cpu', dtype='float32', size=64, adapters=[])
    def paint(self, orders, callback, watch, soon):
        from shoes_lora.inference import Cancelled, Sample
        if callback(1, 1): raise Cancelled('', [])
        side = min(orders[0].size or 64, 64)
        return [Sample(Image.new('RGB', (side, side), (o.seed % 256, 0, 0)), prompt=o.prompt, negative_prompt=o.negative_prompt, seed=o.seed, guidance_scale=o.guidance_scale, num_inference_steps=o.num_inference_steps, scheduler='pndm',
                       timestep_spacing='trailing', width=side, height=side, base_name='tiny', base_hash='b', adapter_hash='', dtype='float32', device='cpu', seconds=.1) for o in orders]

def live_squares(folder, log, token=''):
    "The service with a painter that costs nothing."
    to_file(log)
    from unittest.mock import patch
    from shoes_lora import serve
    with patch.object(serve, 'Painter', lambda *args: Squares()): serve.serve(serve.ServeSettings(runs=[folder/'runs'], history=folder/('guarded' if token else 'squares'), port=0, token=token))

class Service:
    "A service in a process of its own."
    def __init__(self, target, *args, log, token=''):
        self.log = Path(log); self.log.write_text('')
        self.process = PROCESSES.Process(target=target, args=(*args[:1], log, *args[1:])); self.process.start()
        port = self.wait(lambda: re.search(r' at http://127\.0\.0\.1:(\d+)', self.log.read_text()))[1]
        self.url = f'http://127.0.0.1:{port}'; self.client = httpx.Client(base_url=self.url, timeout=120, headers={'Authorization': f'Bearer {token}'} if token else {})
        self.wait(lambda: self.client.get('/api/health').json()['status'] == 'ok')
    def wait(self, test, s=120):
        end = time.monotonic() + s
        while not (found := test()):
            assert self.process.is_alive() and time.monotonic() < end, self.log.read_text()[-3000:]
            time.sleep(.02)
        return found
    def kill(self): self.client.close(); self.process.kill(); self.process.join()
    def __getattr__(self, name): return getattr(self.client, name)   # get, post, delete, patch
    def paint(self, **body): return self.post('/api/generate', json=dict(prompt=PROMPT, **FEW) | body)
    def job(self, id): return self.get(f'/api/jobs/{id}').json()

@pytest.fixture(scope='module')
def place(tmp_path_factory):
    "A folder with a run and the library's pictures."
    folder = tmp_path_factory.mktemp('service')
    p = PROCESSES.Process(target=prepare, args=(folder, folder/'prepare.log')); p.start(); p.join()
    assert p.exitcode == 0, (folder/'prepare.log').read_text()
    return folder

def start(place): return Service(live, [str(place/'runs'), '--port', '0', '--history', str(place/'history'), '--max-queue', '4', '--max-size', '64', '--device', 'cpu'], str(place/'full'), log=str(place/'log'))

@pytest.fixture(scope='module')
def service(place):
    s = start(place); yield s
    s.kill()

@pytest.fixture(scope='module')
def squares(place):
    "A service whose painter costs nothing."
    s = Service(live_squares, place, log=str(place/'squares.log')); yield s
    s.kill()

def pixels(png): return np.asarray(Image.open(io.BytesIO(png)).convert('RGB'), int)
def shown(image): return pixels(base64.b64decode(image['image']))
def reference(place, name, seed): return pixels((place/f'{0 if name == "base" else STEPS[-1] if name.endswith("final") else name.rpartition("-")[2]}-{seed}.png').read_bytes())
NAMES = ['base', *(f'{RUN}/checkpoint-{s}' for s in STEPS), f'{RUN}/final']

def together(*calls):
    "Results of calls that are made at the same time."
    results = [None]*len(calls)
    def run(i): results[i] = calls[i]()
    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(calls))]
    for t in threads: t.start()
    for t in threads: t.join()
    return results

# the calls

def test_models_health_examples_and_documents(service):
    m = service.get('/api/models').json()
    assert [x['name'] for x in m['models']] == NAMES and m['default'] == f'{RUN}/checkpoint-1500' and all(x['available'] for x in m['models'])
    assert m['models'][1]['display_name'] == 'Lora Casual Shoes 3000Steps Full (Step 500)' and m['models'][1]['size_bytes'] > 1000
    h = service.get('/api/health').json()
    assert (h['status'], h['base'], h['device'], h['size']) == ('ok', 'tiny', 'cpu', 64) and h['memory']['process'] > 10**8 and h['versions']['torch']
    assert service.get('/api/prompts/examples').json()['categories']['As trained'] == [PROMPT]
    assert 'swagger-ui-bundle.js' in service.get('/docs').text and service.get('/openapi.json').json()['info']['title'] == 'shoes-lora'
    assert service.get('/').status_code == 200

def test_mixed_models_paint_what_the_library_paints(service, place):
    answers = together(*[lambda n=n: service.paint(model_name=n, seed=7) for n in NAMES])
    for name, r in zip(NAMES, answers):
        assert r.status_code in (200, 429), r.text
        if r.status_code == 429: r = service.paint(model_name=name, seed=7)        # the queue has room for four
        image = r.json()['images'][0]
        assert (image['seed'], image['metadata']['model']) == (7, name)
        assert (shown(image) == reference(place, name, 7)).all(), f'{name} is not what the library paints, bit for bit'
    assert len({shown(r.json()['images'][0]).tobytes() for r in answers if r.status_code == 200}) >= 3     # different models paint different pictures

def test_a_picture_is_the_same_in_company(service, place):
    d = service.paint(model_name=NAMES[2], seed=7, num_images=2).json()
    for image in d['images']: assert abs(shown(image) - reference(place, NAMES[2], image['seed'])).max() <= 1     # rounding of sums in another order
    assert [i['seed'] for i in d['images']] == [7, 8] and d['success'] and d['generation_time'] > 0

def test_compare(service, place):
    d = service.post('/api/compare', json=dict(models=NAMES[:3], prompts=[PROMPT], seed=8, **FEW)).json()
    assert [(i['metadata']['model'], i['seed']) for i in d['images']] == [(n, 8) for n in NAMES[:3]]
    for image in d['images']: assert (shown(image) == reference(place, image['metadata']['model'], 8)).all()

def test_progress_previews_and_health_while_painting(service):
    id = service.paint(wait=False, num_images=2, num_inference_steps=40).json()['id']; events, times = [], []
    def follow():
        with httpx.stream('GET', f'{service.url}/api/jobs/{id}/events', timeout=120) as r: events.extend(r.read().decode().strip().split('\n\n'))
    thread = threading.Thread(target=follow); thread.start()
    while thread.is_alive():
        t = time.perf_counter(); h = service.get('/api/health').json(); times.append(time.perf_counter() - t); time.sleep(.01)
        assert h['queue']['running'] in (0, 1)
    thread.join()
    states = [json.loads(next(l for l in e.splitlines() if l.startswith('data: '))[6:]) for e in events if 'data: ' in e]
    assert events[-1].splitlines()[1] == 'event: done' and states[-1]['done'] == 2 and len(states) > 20
    assert [s['progress'] for s in states] == sorted(s['progress'] for s in states) and len({s['step'] for s in states}) > 15    # a busy machine may tell of two steps at once
    looks = [p for s in states for p in s['previews']]
    assert looks and Image.open(io.BytesIO(base64.b64decode(looks[-1].partition(',')[2]))).size == (8, 8)
    assert len(times) > 5 and sorted(times)[len(times)//2] < .2, f'health took {sorted(times)[len(times)//2]:.3f} s, the median of {len(times)} calls while painting'

def test_cancel_ends_within_a_step(service):
    long = service.paint(wait=False, num_images=8, num_inference_steps=100, size=64).json()['id']
    service.wait(lambda: service.job(long)['step'] >= 1); first, start = service.job(long)['step'], time.monotonic()
    service.wait(lambda: service.job(long)['step'] >= first + 3); step_s = (time.monotonic() - start)/3
    waits = service.paint(wait=False, num_inference_steps=11).json(); assert waits['position'] == 1
    assert service.delete(f'/api/jobs/{long}').json()['status'] == 'cancelled'
    start = time.monotonic(); service.wait(lambda: service.job(waits['id'])['status'] != 'queued'); took = time.monotonic() - start
    j = service.job(long); assert (j['status'], j['done'], j['progress']) == ('cancelled', 0, 0) and j['step'] < 50
    assert took < 8*step_s, f'the next job began after {took:.2f} s, as if the cancelled one had gone on with its steps of {step_s:.2f} s'      # within one step, and some patience with a busy machine
    service.wait(lambda: service.job(waits['id'])['status'] == 'done')
    assert service.delete(f'/api/jobs/{long}').status_code == 409

def test_queue_full_says_when_to_come_back(service):
    ids = [service.paint(wait=False, num_images=8, num_inference_steps=100, size=64).json()['id']]
    service.wait(lambda: service.job(ids[0])['status'] == 'running')
    ids += [service.paint(wait=False, num_inference_steps=20 + i).json()['id'] for i in range(4)]
    full = service.paint()
    assert (full.status_code, full.headers['content-type'], full.json()['title']) == (429, 'application/problem+json', 'Too Many Requests') and 1 <= int(full.headers['retry-after']) <= 600
    assert [j['position'] for j in service.get('/api/jobs').json()['jobs'][:5]] == [4, 3, 2, 1, 0]
    for id in ids: assert service.delete(f'/api/jobs/{id}').status_code == 200
    assert service.paint().status_code == 200

def test_a_client_that_goes_away_takes_its_job_along(service):
    body = json.dumps(dict(prompt=PROMPT, num_images=8, num_inference_steps=100, size=64)).encode()
    with socket.create_connection(('127.0.0.1', int(service.url.rpartition(':')[2]))) as s:
        s.sendall(b'POST /api/generate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n' % len(body) + body)
        service.wait(lambda: service.get('/api/health').json()['queue']['running'] == 1)
    service.wait(lambda: service.get('/api/jobs').json()['jobs'][0]['status'] == 'cancelled', 15)

def test_history_zip_and_favourites(service):
    made = service.paint(model_name=NAMES[1], prompt='A photo of 100% "red" boots <b>', seed=3).json()['images'][0]
    page = service.get('/api/samples', params=dict(model=NAMES[1], search='RED 100%')).json()
    assert page['total'] == 1 and page['samples'][0]['id'] == made['id']
    assert service.get(made['url']).content == base64.b64decode(made['image'])
    assert service.patch(f'/api/samples/{made["id"]}', json=dict(favourite=True)).json()['favourite'] and service.get('/api/samples', params=dict(favourite=True)).json()['total'] == 1
    others = [s['id'] for s in service.get('/api/samples', params=dict(limit=3)).json()['samples']]
    z = zipfile.ZipFile(io.BytesIO(service.post('/api/samples/zip', json=dict(ids=others)).content))
    assert z.testzip() is None and len(z.namelist()) == 4 and json.loads(z.read('metadata.json'))[0]['id'] == others[0]
    assert service.delete(f'/api/samples/{made["id"]}').status_code == 204 and service.get(made['url']).status_code == 404

def test_new_checkpoints_and_damaged_ones(service, place):
    run = place/'runs'/RUN; shutil.copytree(run/'checkpoints'/'checkpoint-500', run/'checkpoints'/'checkpoint-600')
    found = {m['name']: m for m in service.get('/api/models').json()['models']}
    assert list(found)[2] == f'{RUN}/checkpoint-600' and not found[f'{RUN}/checkpoint-600']['available'] and 'holds step 500' in found[f'{RUN}/checkpoint-600']['fault']
    r = service.paint(model_name=f'{RUN}/checkpoint-600'); assert r.status_code == 409 and str(place) not in r.text + json.dumps(found)
    shutil.rmtree(run/'checkpoints'/'checkpoint-600'); assert len(service.get('/api/models').json()['models']) == len(NAMES)
    assert service.paint(model_name=f'{RUN}/checkpoint-600').status_code == 404
    assert service.post('/api/cache/clear').json()['adapters'] >= 1 and service.paint(model_name=NAMES[1]).status_code == 200

@pytest.mark.skipif(not shutil.which('curl'), reason='curl is not here')
def test_the_calls_of_the_original_documents(service):
    "The lines themselves are tried by hand, with their 50 steps; here are their calls, in small."
    def curl(*words): return json.loads(subprocess.run(['curl', '-s', *words], capture_output=True, text=True, timeout=120, check=True).stdout)
    assert curl(f'{service.url}/api/models')['models'][1]['name'] == f'{RUN}/checkpoint-500' and curl(f'{service.url}/api/health')['status'] == 'ok'
    body = dict(model_name=f'{RUN}/checkpoint-1500', prompt='A professional product photo of brown leather casual shoes on white background, high quality', num_images=4, num_inference_steps=50, guidance_scale=7.5, seed=42)
    d = curl('-X', 'POST', f'{service.url}/api/generate', '-H', 'Content-Type: application/json', '-d', json.dumps(body | FEW))
    assert d['success'] and [i['seed'] for i in d['images']] == [42, 43, 44, 45] and len({i['image'] for i in d['images']}) == 4        # four pictures, not one four times
    assert set(d['images'][0]['metadata']) >= {'model', 'steps', 'guidance_scale'} and Image.open(io.BytesIO(base64.b64decode(d['images'][0]['image_data']))).size == (32, 32)
    assert curl('-X', 'POST', f'{service.url}/api/generate', '-H', 'Content-Type: application/json', '-d', json.dumps(dict(model_name=f'{RUN}/checkpoint-1000', prompt='casual brown leather shoes, product photo', num_images=1) | FEW))['success']

# what goes wrong

def raw(service, data, finish=True):
    "First line of the answer to bytes."
    with socket.create_connection(('127.0.0.1', int(service.url.rpartition(':')[2])), timeout=30) as s:
        try: s.sendall(data)
        except (BrokenPipeError, ConnectionResetError): pass
        try: return s.recv(65536).split(b'\r\n')[0].decode('latin-1')
        except ConnectionResetError: return ''

def test_hostile_input(service):
    for body, field in ((dict(prompt='x'*100_000), 'prompt'), (dict(prompt=['a']*20), 'prompt'), (dict(num_images=10**30), 'num_images'), (dict(num_images='4'), 'num_images'), (dict(seed=-1), 'seed'), (dict(seed=1e400), 'seed'), (dict(guidance_scale=None), 'guidance_scale'),
                        (dict(size=10**6), 'size'), (dict(size=128), 'size'), (dict(scheduler='__class__'), 'scheduler'), (dict(model_name={'$ne': 1}), 'model_name'), (dict(prompt=PROMPT + '\0'), 'prompt'), (dict(path='/etc/passwd'), 'path')):
        r = service.post('/api/generate', content=json.dumps(dict(prompt=PROMPT) | body), headers={'content-type': 'application/json'})
        assert (r.status_code, r.headers['content-type']) == (422, 'application/problem+json') and r.json()['errors'][0]['field'] == field and len(r.content) < 2000, (body, r.text[:300])
    for name in ('../../../etc/passwd', '/etc/passwd', f'{RUN}/../{RUN}/checkpoint-500', f'{RUN}/checkpoint-500\0', 'C:\\Windows', '%2e%2e%2f', "' OR 1=1 --", '${HOME}', f'runs/{RUN}/checkpoint-500'):
        r = service.paint(model_name=name); assert r.status_code == 404 and 'Traceback' not in r.text
    assert service.post('/api/generate', content=b'{"a":' * 30_000, headers={'content-type': 'application/json'}).status_code == 422      # nested deeper than any parser likes
    assert service.post('/api/generate', content=b'\xff\xfe', headers={'content-type': 'application/json'}).status_code == 422
    assert service.post('/api/generate', content=b'prompt=x', headers={'content-type': 'application/x-www-form-urlencoded'}).status_code == 422
    assert service.post('/api/generate', content=(b'x'*10_000 for _ in range(1000)), headers={'content-type': 'application/json'}).status_code == 413   # ten megabytes without saying so
    assert service.get('/api/samples', params=dict(search='%'*200, model='\'"')).json()['total'] == 0
    for path in ('/api/samples/..%2f..%2fhistory.db/image', '/..%2f..%2fsettings.ini', '/docs/..%2f..%2fcli.py', '/api/jobs/%00', '/api/samples/%ff'): assert service.get(path).status_code in (404, 422), path
    assert raw(service, b'GET /../../../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n').split()[1] == '404'
    assert raw(service, b'GET /api/models HTTP/1.1\r\nHost: evil.example\r\n\r\n').split()[1] == '403'
    assert raw(service, b'POST /api/generate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n').split()[1] == '413'
    for nonsense in (b'\x16\x03\x01\x00\xa5'*20, b'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ' + b'a'*200_000 + b'\r\n\r\n'): assert ' 200' not in raw(service, nonsense)
    assert service.get('/api/health').json()['status'] == 'ok'

def test_a_full_disk_fails_the_job_and_leaves_nothing(service, place):
    before = service.get('/api/health').json()['history']['pictures']; (place/'full').touch()
    try: r = service.paint()
    finally: (place/'full').unlink()
    assert (r.status_code, r.json()['title']) == (503, 'Service Unavailable') and 'disk of the service is full' in r.json()['detail'] and str(place) not in r.text
    assert service.get('/api/health').json()['history']['pictures'] == before and not list((place/'history').rglob('*.tmp')) and service.paint().status_code == 200

def test_kill_and_restart_keep_the_history_whole(service, place):
    assert service.paint(num_images=3).status_code == 200
    id = service.paint(wait=False, num_images=10, num_inference_steps=30).json()['id']
    before = [s['id'] for s in service.get('/api/samples', params=dict(limit=100)).json()['samples']]
    service.wait(lambda: service.job(id)['done'] >= 1 or service.job(id)['step'] >= 5)
    os.kill(service.process.pid, signal.SIGKILL); service.process.join(); service.client.close()
    again = start(place)
    try:
        rows = again.get('/api/samples', params=dict(limit=100)).json()['samples']; kept = {r['id'] for r in rows}
        assert kept >= set(before) and len(kept) >= 3
        for r in rows: assert Image.open(io.BytesIO(again.get(r['url']).content)).size == (r['metadata']['width'], r['metadata']['height'])
        assert again.get(f'/api/jobs/{id}').status_code == 404 and again.paint().status_code == 200
        with sqlite3.connect(place/'history'/'history.db') as db: assert db.execute('PRAGMA integrity_check').fetchone()[0] == 'ok'
    finally: again.kill()

def test_whoever_waits_is_told_that_the_service_stops(place):
    "Ctrl-C: a waiting call gets its 503, a stream its last event, the terminal no traceback."
    s = start(place); answers, events = [], []
    try:
        waiting = threading.Thread(target=lambda: answers.append(s.paint(num_images=10, num_inference_steps=100, size=64))); waiting.start()
        s.wait(lambda: s.get('/api/health').json()['queue']['running'] == 1); id = s.get('/api/jobs').json()['jobs'][0]['id']
        def follow():
            with httpx.stream('GET', f'{s.url}/api/jobs/{id}/events', timeout=120) as r: events.extend(r.iter_lines())
        following = threading.Thread(target=follow); following.start(); s.wait(lambda: any(l == 'event: progress' for l in events))
        os.kill(s.process.pid, signal.SIGINT); waiting.join(60); following.join(60); s.process.join(60)
        assert (answers[0].status_code, answers[0].headers['content-type']) == (503, 'application/problem+json') and 'service was stopped' in answers[0].json()['detail']
        assert [l for l in events if l.startswith('event: ')][-1] == 'event: failed' and 'Traceback' not in s.log.read_text() and s.process.exitcode == 0, s.log.read_text()
    finally: s.kill()

def test_a_service_with_a_token_lets_nobody_else_in(place):
    s = Service(live_squares, place, 'a-long-token', log=str(place/'token.log'), token='a-long-token')
    try:
        for headers in ({}, {'Authorization': 'Bearer another-token'}, {'Cookie': 'shoes_lora_token=a-long-token'}):
            r = httpx.post(f'{s.url}/api/generate', json=dict(prompt=PROMPT), headers=headers); assert (r.status_code, r.headers['www-authenticate']) == (401, 'Bearer')
        assert s.paint().status_code == 200 and 'a-long-token' not in s.log.read_text()
    finally: s.kill()

def test_fifty_clients_at_once(squares):
    "Every one gets its own picture, after as many 429s as it takes, while the service says how it is."
    wrong, refusals, healthy, going = [], [], [], threading.Event()
    def client(seed):
        while (r := httpx.post(f'{squares.url}/api/generate', json=dict(prompt=PROMPT, seed=seed, size=32), timeout=120)).status_code == 429:
            refusals.append(int(r.headers['retry-after'])); time.sleep(.05)
        if r.status_code != 200 or tuple(shown(r.json()['images'][0])[0, 0]) != (seed, 0, 0): wrong.append((seed, r.status_code, r.text[:200]))
    def ask():
        while not going.wait(.02): t = time.perf_counter(); healthy.append((squares.get('/api/health').status_code, time.perf_counter() - t))
    asking = threading.Thread(target=ask); asking.start()
    together(*[lambda seed=seed: client(seed) for seed in range(50)]); going.set(); asking.join()
    assert not wrong and len(healthy) > 3 and {s for s, _ in healthy} == {200}, (wrong, healthy)
    assert squares.get('/api/jobs').json()['jobs'][0]['status'] == 'done' and all(1 <= s <= 600 for s in refusals)

# the contract

def test_the_openapi_document_is_up_to_date(place):
    p = PROCESSES.Process(target=write_openapi, args=(str(place/'openapi.json'),)); p.start(); p.join()
    assert (place/'openapi.json').read_bytes() == (ROOT/'frontend'/'openapi.json').read_bytes(), 'run `python -m shoes_lora.serve --openapi frontend/openapi.json` and commit it'

def write_openapi(path):
    from shoes_lora.serve import main
    main(['--openapi', path])

ASKS = 'POST /api/generate', 'POST /api/compare', 'POST /api/samples/zip', 'PATCH /api/samples/{id}', 'GET /api/samples'   # what can be asked wrongly

@pytest.mark.parametrize('mode', list(GenerationMode), ids=lambda m: m.name.lower())
def test_every_call_keeps_its_contract_whatever_comes(squares, mode):
    "schemathesis: made-up requests, valid and not, to every address; each answer is one that the document promises, and none is a 5xx."
    seen, operations = set(), [r.ok() for r in schemathesis.openapi.from_url(f'{squares.url}/openapi.json').get_all_operations()]
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and operation.label not in ASKS: continue
        def ask(case):
            response = case.call(timeout=30); seen.add((operation.label, response.status_code))
            case.validate_response(response, checks=[not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance])
        bounds(max_examples=8, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))(given(case=operation.as_strategy(generation_mode=mode))(ask))()
    assert len(operations) == 16 and {label for label, _ in seen} == (set(ASKS) if mode is GenerationMode.NEGATIVE else {o.label for o in operations})
    assert {('POST /api/generate', 422), ('GET /api/samples', 422)} <= seen if mode is GenerationMode.NEGATIVE else {('POST /api/generate', 200), ('GET /api/health', 200), ('GET /api/samples', 200)} <= seen, seen
