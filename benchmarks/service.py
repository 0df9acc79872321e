"""What the web service costs and withstands, asked over loopback as its users would: changing between checkpoints, a comparison of all of them beside loading a pipeline for each, many clients at once, and memory after many pictures.
The service runs in a process of its own; its checkpoints are random LoRAs of one run. Every picture of the clients is compared with what the library paints with the same model, seed and settings: within one level of 255, which is the rounding of a batch, and bit for bit with --batch-size 1.
Clients that are refused because the queue is full wait as long as they are told and ask again; refusals, errors and the time of each answer from the first asking on are counted.
Run: python benchmarks/service.py [--base tiny|sd15-random|FOLDER] [--checkpoints 6] [--size 32] [--steps 10] [--clients 50] [--requests 4] [--generations 500] [--batch-size N] [--device cpu] [--out FILE.md]"""
import argparse, base64, io, json, os, platform, re, shlex, statistics, subprocess, sys, tempfile, threading, time, urllib.error, urllib.request
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import diffusers, numpy as np, psutil, torch
from PIL import Image

from shoes_lora.adapters import Adapter, attach, detach, init_adapter, load_adapter, save_adapter
from shoes_lora.checkpoints import Run, atomic_dir, write_json, write_manifest, write_tensors
from shoes_lora.env_check import pick_device
from shoes_lora.inference import generate, load_base, write_random_base
from shoes_lora.painter import Painter
from shoes_lora.registry import Registry

PROMPT = 'A professional product photo of brown leather casual shoes on white background'

def write_run(folder:Path, pipe, checkpoints:int) -> Run:
    "A run with random adapters of rank 8, in the layout of the training."
    run = Run(folder/'bench')
    for step in range(100, 100*checkpoints + 1, 100):
        new, g = init_adapter(pipe, 8, 8, seed=step), torch.Generator().manual_seed(step)
        adapter = Adapter({k: .01*torch.randn(x.shape, generator=g) if 'lora_B' in k else x for k, x in new.tensors.items()}, 8, 8)
        with atomic_dir(run.checkpoint(step).path) as d: save_adapter(adapter, d); write_tensors(d/'train_state.safetensors', {'x': torch.zeros(1)}); write_manifest(d, step=step)
    write_json(run.record, dict(config=dict(base=str(pipe.base_name)), facts=dict(base_hash=pipe.base_hash), steps_planned=10**6, steps_done=step))
    return run

def pixels(png:bytes) -> np.ndarray: return np.asarray(Image.open(io.BytesIO(png)).convert('RGB'), int)

@dataclass
class Service:
    "A running service, and what to ask it with."
    url:str
    process:subprocess.Popen

    @classmethod
    def start(cls, run:Run, args, base:str) -> 'Service':
        "`shoes-lora serve` in a process of its own, ready."
        words = ['serve', str(run.path), '--base', base, '--port', '0', '--history', str(run.path.parent/'history'), '--device', args.device] + (['--batch-size', str(args.batch_size)] if args.batch_size else [])
        process = subprocess.Popen([sys.executable, '-u', '-c', 'import sys; from shoes_lora.cli import main; sys.exit(main())', *words], stdout=subprocess.PIPE, text=True)
        self = cls(re.search(r'http://127\.0\.0\.1:\d+', process.stdout.readline())[0], process)
        while self.ask('/api/health')['status'] != 'ok': time.sleep(.2)
        return self

    def ask(self, path:str, body:dict|None=None) -> dict:
        "An answer; `HTTPError` for a refusal."
        request = urllib.request.Request(self.url + path, body and json.dumps(body).encode(), {'Content-Type': 'application/json'})
        with urllib.request.urlopen(request, timeout=3600) as r: return json.load(r)

    def memory(self) -> int: return psutil.Process(self.process.pid).memory_info().rss

    def stop(self) -> None: self.process.terminate(); self.process.wait()

# how long a change of checkpoint takes

def swap_times(run:Run, base:str, device:str, rounds:int) -> tuple[float, list[float]]: # seconds to read all adapters into the bank, and of each swap
    "Changing the model of a painter, all adapters being in memory."
    painter = Painter(Registry([run.path]), base, device); painter.start()
    names = [m.name for m in painter.registry.models()[1:]]
    start = time.perf_counter(); painter.use(names[0], soon=names); first, times = time.perf_counter() - start, []
    for _ in range(rounds):
        for n in names:
            start = time.perf_counter(); painter.use(n)
            if device != 'cpu': getattr(torch, device).synchronize()
            times.append(time.perf_counter() - start)
    painter.close()
    return first, times

def by_service(service:Service, names:list[str], args) -> tuple[float, list[np.ndarray]]: # seconds, and pictures by model and seed
    "One comparison of all checkpoints, four pictures each."
    start = time.perf_counter()
    d = service.ask('/api/compare', dict(models=names, prompts=[PROMPT], num_images=4, seed=1, num_inference_steps=args.steps, size=args.size))
    return time.perf_counter() - start, [pixels(base64.b64decode(i['image'])) for i in d['images']]

def by_loads(run:Run, base:str, args) -> tuple[float, list[np.ndarray]]:
    "The same pictures by loading the base for each checkpoint, in a process that has its libraries loaded."
    start, found = time.perf_counter(), []
    for step in run.steps(run.checkpoints_dir):
        pipe = load_base(base, args.device); attach(pipe, load_adapter(run.checkpoint(step).adapter))
        found += generate(pipe, [PROMPT], 4, seed=1, num_inference_steps=args.steps, height=args.size, width=args.size, scheduler='dpm++', timestep_spacing='trailing', progress=False)
        del pipe
    return time.perf_counter() - start, [np.asarray(s.image, int) for s in found]

# many clients

@dataclass
class Crowd:
    "What many clients saw."
    seconds:float = 0.
    latencies:list = field(default_factory=list)  # s, from the first asking to the picture
    health:list = field(default_factory=list)     # s
    kinds:Counter = field(default_factory=Counter) # what was answered: 200, 429, ...
    apart:list = field(default_factory=list)      # levels between a picture and the library's

def crowd(service:Service, names:list[str], wanted:dict, args) -> Crowd:
    "`clients` threads, each asking for `requests` pictures of changing models, and one that asks for the health."
    seen, lock, over = Crowd(), threading.Lock(), threading.Event()
    def one(client):
        for i in range(args.requests):
            name, seed, start = names[(client + i) % len(names)], (client*7 + i) % 4 + 1, time.perf_counter()
            while True:
                try: d = service.ask('/api/generate', dict(model_name=name, prompt=PROMPT, seed=seed, num_inference_steps=args.steps, size=args.size))
                except urllib.error.HTTPError as e:
                    with lock: seen.kinds[e.code] += 1
                    if e.code != 429: break
                    time.sleep(float(e.headers['Retry-After'])); continue
                except OSError as e:
                    with lock: seen.kinds[type(e).__name__] += 1
                    break
                with lock: seen.kinds[200] += 1; seen.latencies.append(time.perf_counter() - start); seen.apart.append(int(abs(pixels(base64.b64decode(d['images'][0]['image'])) - wanted[name, seed]).max()))
                break
    def ask_health():
        while not over.wait(.1): start = time.perf_counter(); service.ask('/api/health'); seen.health.append(time.perf_counter() - start)
    threads = [threading.Thread(target=one, args=(c,)) for c in range(args.clients)]; watcher = threading.Thread(target=ask_health)
    start = time.perf_counter(); watcher.start()
    for t in threads: t.start()
    for t in threads: t.join()
    seen.seconds = time.perf_counter() - start; over.set(); watcher.join()
    return seen

def library_pictures(run:Run, names:list[str], pipe, args) -> dict: # (name, seed) -> pixels
    "What each model paints by the library, one picture at a time."
    found = {}
    for name in names:
        if name != 'base': attach(pipe, load_adapter(run.checkpoint(int(name.rpartition('-')[2])).adapter))
        for seed in range(1, 5): found[name, seed] = np.asarray(generate(pipe, [PROMPT], seed=seed, num_inference_steps=args.steps, height=args.size, width=args.size, scheduler='dpm++', timestep_spacing='trailing', progress=False)[0].image, int)
        detach(pipe)
    return found

def memory_after(service:Service, names:list[str], args) -> list[tuple[int, int]]: # pictures, bytes
    "Memory of the service before, between and after many pictures of all models."
    rows = [(0, service.memory())]; each = max(1, args.generations//5)
    for done in range(10, args.generations + 1, 10):
        service.ask('/api/generate', dict(model_name=names[done//10 % len(names)], prompt=PROMPT, num_images=10, seed=done, num_inference_steps=args.steps, size=args.size))
        if done % each == 0: rows.append((done, service.memory())); print(f'{done} pictures: {rows[-1][1]/1e6:.0f} MB', file=sys.stderr)
    return rows

def share(values:list, q:float) -> float: return sorted(values)[min(len(values) - 1, int(q*len(values)))]

def report(args, pipe, first, swaps, compared, loaded, apart, seen, memory) -> str:
    "The tables with all that is needed to read them and to make them again."
    device = pipe.device.type; name = torch.cuda.get_device_name() if device == 'cuda' else f'{platform.machine()} {device}, {torch.get_num_threads()} threads, load average {os.getloadavg()[0]:.1f}'
    ok = len(seen.latencies); kinds = ', '.join(f'{n} x {k}' for k, n in sorted(seen.kinds.items(), key=str))
    return '\n'.join([f'{name}, torch {torch.__version__}, diffusers {diffusers.__version__}, {date.today()}: base {Path(args.base).name}, {args.checkpoints} checkpoints (random LoRAs of rank 8), {args.size} x {args.size} pixels, {args.steps} steps, '
        f'{f"{args.batch_size} pictures" if args.batch_size else "up to 8 pictures"} at once.', f'Command: `python benchmarks/service.py {shlex.join(sys.argv[1:])}`', '',
        '| changing between checkpoints | |', '|---|--:|', f'| reading all {args.checkpoints} adapters and building the bank, once | {first:.2f} s |', f'| a swap, median of {len(swaps)} (lowest to highest) | {statistics.median(swaps)*1000:.2f} ms ({min(swaps)*1000:.2f} to {max(swaps)*1000:.2f}) |',
        f'| comparison of {args.checkpoints} checkpoints, 4 pictures each, by the service | {compared:.1f} s |', f'| the same by loading base and adapter {args.checkpoints} times | {loaded:.1f} s |', f'| levels of 255 between the two, at most | {apart} |', '',
        f'| {args.clients} clients, {args.requests} pictures each, base and {args.checkpoints} checkpoints mixed | |', '|---|--:|', f'| pictures | {ok} of {args.clients*args.requests} |', f'| answers by kind (429: the queue was full, asked again as told) | {kinds} |',
        f'| pictures a second | {ok/seen.seconds:.2f} |', f'| seconds from the first asking to the picture: median, 95 %, highest | {share(seen.latencies, .5):.1f}, {share(seen.latencies, .95):.1f}, {max(seen.latencies):.1f} |',
        f'| levels of 255 to the library\'s picture: highest, and pictures that are the same bit for bit | {max(seen.apart)}, {sum(a == 0 for a in seen.apart)} |', f'| health while painting, {len(seen.health)} calls: median, 95 %, highest | {share(seen.health, .5)*1000:.0f}, {share(seen.health, .95)*1000:.0f}, {max(seen.health)*1000:.0f} ms |', '',
        '| pictures painted by one service | memory of its process |', '|--:|--:|', *(f'| {n} | {m/1e6:,.0f} MB |' for n, m in memory), ''])

def parse() -> argparse.Namespace:
    "The command line."
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--base', default='tiny', help="'tiny', 'sd15-random' (written to a temporary folder, 4.3 GB), or a folder"); p.add_argument('--checkpoints', type=int, default=6)
    p.add_argument('--size', type=int, default=32); p.add_argument('--steps', type=int, default=10, help='10 or more'); p.add_argument('--clients', type=int, default=50); p.add_argument('--requests', type=int, default=4)
    p.add_argument('--generations', type=int, default=500); p.add_argument('--batch-size', type=int); p.add_argument('--device'); p.add_argument('--rounds', type=int, default=5, help='of swaps through all checkpoints')
    p.add_argument('--out', type=Path, help='markdown file to write besides printing')
    return p.parse_args()

def main() -> None:
    "Measure, print the tables and write them."
    args = parse(); args.device = pick_device(args.device); diffusers.utils.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as d:
        base = str(write_random_base(Path(d)/'base')) if args.base == 'sd15-random' else args.base
        pipe = load_base(base, args.device); run = write_run(Path(d), pipe, args.checkpoints)
        names = [f'bench/checkpoint-{s}' for s in run.steps(run.checkpoints_dir)]
        first, swaps = swap_times(run, base, args.device, args.rounds); wanted = library_pictures(run, ['base', *names], pipe, args)
        service = Service.start(run, args, base)
        try:
            service.ask('/api/generate', dict(prompt=PROMPT, num_inference_steps=args.steps, size=args.size))             # warm
            seen = crowd(service, ['base', *names], wanted, args); memory = memory_after(service, ['base', *names], args)
            service.ask('/api/cache/clear', {}); compared, ours = by_service(service, names, args)                        # the adapters are read again in its time
        finally: service.stop()
        loaded, theirs = by_loads(run, base, args)
        text = report(args, pipe, first, swaps, compared, loaded, max(int(abs(a - b).max()) for a, b in zip(ours, theirs, strict=True)), seen, memory)
    print(text)
    if args.out: args.out.parent.mkdir(parents=True, exist_ok=True); args.out.write_text(text)

if __name__ == '__main__': main()
