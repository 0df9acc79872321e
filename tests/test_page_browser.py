"The page in a real browser, against a live service with the embedded base; `frontend/e2e/page.mjs` is who uses it."
import json, re, shutil, socket, subprocess, time

import httpx, pytest

from conftest import ROOT, page_tools
from test_service import PROCESSES, live, place   # a run of three checkpoints, and services that are forks of one process

CHROMIUM = 'chromium', 'chromium-browser', 'google-chrome'
SCRIPT = ROOT/'frontend'/'e2e'/'page.mjs'
CHECKS = [*re.findall(r'^  async "(.+)"\(page\)', SCRIPT.read_text(encoding='utf-8'), re.M), 'complaints of the browser']

class Stage:
    "A service at one address that can be stopped and started."
    def __init__(self, place):
        with socket.create_server(('127.0.0.1', 0)) as s: self.port = s.getsockname()[1]
        self.place, self.log, self.process, self.address = place, place/'page.log', None, f'http://127.0.0.1:{self.port}/'
    def start(self, token=''):
        words = [self.place/'runs', '--port', self.port, '--history', self.place/'page', '--max-size', 64, '--device', 'cpu', *(['--token', token] if token else [])]
        self.process = PROCESSES.Process(target=live, args=([str(w) for w in words], self.log)); self.process.start()
        end = time.monotonic() + 300
        while not self.ready(token):
            assert self.process.is_alive() and time.monotonic() < end, self.log.read_text()[-3000:]
            time.sleep(.05)
    def ready(self, token):
        try: return httpx.get(f'{self.address}api/health', headers={'Authorization': f'Bearer {token}'} if token else {}, timeout=60).json()['status'] == 'ok'
        except httpx.ConnectError: return False
    def stop(self):
        if self.process: self.process.kill(); self.process.join(); self.process = None
    def act(self, words):
        what, _, token = words.partition(' ')
        if what != 'start': self.stop()
        if what != 'stop': self.start(token)

@pytest.fixture(scope='module')
def said(place):
    "What each check came to, by name."
    if not any(map(shutil.which, CHROMIUM)): pytest.skip('Chromium is not installed: the page cannot be used here')
    node, frontend = page_tools()
    stage = Stage(place); stage.start()
    p = subprocess.Popen([node, SCRIPT, stage.address], cwd=frontend, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)
    found, rest = {}, []
    try:
        for line in p.stdout:
            kind, _, words = line.rstrip('\n').partition(' ')
            if kind == 'service:': stage.act(words); p.stdin.write('done\n'); p.stdin.flush()
            elif kind == 'ok': found[words] = ''
            elif kind == 'no': name, _, why = words.partition(': "'); found[name] = json.loads('"' + why)
            else: rest.append(line)
        assert p.wait(60) == 0, ''.join(rest) + p.stderr.read()
    finally: p.kill(); stage.stop()
    return found

@pytest.mark.parametrize('check', CHECKS)
def test_the_page(said, check):
    assert check in said, f'the script did not come to this; it said {said}'
    assert not said[check], said[check]
