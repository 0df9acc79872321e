"""What it costs to change the adapter of a resident pipeline: by `AdapterBank.use`, and by diffusers' `set_adapters` between loaded ones, its hotswap from a file, and unload_lora_weights with load_lora_weights.
All go back and forth between the same two LoRA (attention, random, of different strength) on one base and take turns in each round, in the opposite order in every second one.
Only the swap is timed; after each the change of every weight is compared in float64 with that of the adapter that should be on, so a swap that did nothing, or lost the strength, ends the run.
Run: python benchmarks/adapter_swap.py [--base tiny|sd15-random|FOLDER] [--rank 8] [--swaps 4] [--rounds 5] [--device cpu] [--dtype float32] [--out FILE.md]"""
import argparse, platform, shlex, statistics, sys, tempfile, time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import diffusers, peft, torch

from shoes_lora.adapters import Adapter, AdapterBank, init_adapter, lora_layers, prove_change, save_adapter
from shoes_lora.env_check import pick_device, pick_dtype
from shoes_lora.inference import load_base, write_random_base

NAMES = ('one', 'two')

def random_adapter(pipe, rank:int, alpha:float, seed:int) -> Adapter:
    "A LoRA on the attention of `pipe` with random B, as if it had been trained."
    new, generator = init_adapter(pipe, rank, alpha, seed=seed), torch.Generator().manual_seed(seed)
    return Adapter({k: .01*torch.randn(x.shape, generator=generator) if 'lora_B' in k else x for k, x in new.tensors.items()}, rank, alpha)

class Bank:
    "Our bank of both."
    title = '`AdapterBank.use`'
    def enter(self, pipe, adapters, files): self.bank = AdapterBank(pipe, adapters)
    def swap(self, name): self.bank.use(name)
    def leave(self): self.bank.close()

class Loaded:
    "Both loaded by diffusers, one switched on."
    title = '`set_adapters`, both loaded'
    def enter(self, pipe, adapters, files):
        self.pipe = pipe
        for name, file in files.items(): pipe.load_lora_weights(file, adapter_name=name)
    def swap(self, name): self.pipe.set_adapters(name)
    def leave(self): self.pipe.unload_lora_weights()

class Hotswap:
    "One slot of diffusers, its numbers replaced from the file."
    title = 'hotswap from the file'
    def enter(self, pipe, adapters, files):
        self.pipe, self.files = pipe, files
        pipe.load_lora_weights(files[NAMES[1]], adapter_name='slot')
    def swap(self, name): self.pipe.load_lora_weights(self.files[name], adapter_name='slot', hotswap=True)
    def leave(self): self.pipe.unload_lora_weights()

class Reload:
    "Unload and load, as diffusers' first page shows it."
    title = 'unload and load from the file'
    def enter(self, pipe, adapters, files):
        self.pipe, self.files = pipe, files
        pipe.load_lora_weights(files[NAMES[1]])
    def swap(self, name): self.pipe.unload_lora_weights(); self.pipe.load_lora_weights(self.files[name])
    def leave(self): self.pipe.unload_lora_weights()

@dataclass
class Row:
    "One way of swapping and what was measured of it."
    way:object
    rounds:list[list[float]] = field(default_factory=list) # ms of the swaps of each round

def wait(device:str) -> None:
    "Return when the accelerator has done what it was given."
    if device != 'cpu': getattr(torch, device).synchronize()

def milliseconds(f:Callable, device:str) -> float:
    "Wall time of `f()`."
    wait(device); start = time.perf_counter(); f(); wait(device)
    return (time.perf_counter() - start)*1000

def turn(row:Row, pipe, adapters:dict[str, Adapter], files:dict[str, Path], swaps:int) -> None:
    "One round of `row`: enter, one swap of each adapter to warm up, `swaps` timed ones, leave; each swap is proved."
    times = []
    row.way.enter(pipe, adapters, files)
    for i in range(2 + swaps):
        name = NAMES[i % 2]
        times.append(milliseconds(lambda: row.way.swap(name), pipe.device.type))
        prove_change(pipe, adapters[name])
    row.way.leave(); row.rounds.append(times[2:])
    if lora_layers(pipe): raise RuntimeError(f'{row.way.title} left its adapter on the pipeline, so the next way would be measured on another base.')

def measure(pipe, adapters:dict[str, Adapter], files:dict[str, Path], swaps:int, rounds:int) -> list[Row]:
    "All ways, in turn in each round."
    rows = [Row(kind()) for kind in (Bank, Loaded, Hotswap, Reload)]
    for i in range(rounds):
        for row in rows[::-1 if i % 2 else 1]:
            turn(row, pipe, adapters, files, swaps)
            print(f'round {i + 1}: {row.way.title} {statistics.median(row.rounds[-1]):.2f} ms', file=sys.stderr)
    return rows

def line_of(row:Row, ours:Row) -> str:
    "A line of the markdown table."
    times, ratios = sum(row.rounds, []), [statistics.median(a)/statistics.median(b) for a, b in zip(row.rounds, ours.rounds)]
    ratio = '1' if row is ours else f'{statistics.median(ratios):.3g} ({min(ratios):.3g} to {max(ratios):.3g})'
    return f'| {row.way.title} | {statistics.median(times):.3g} ({min(times):.3g} to {max(times):.3g}) | {ratio} |'

def report(args, pipe, rows:list[Row], adapter:Adapter) -> str:
    "The table with all that is needed to read it and to make it again."
    device, size = pipe.device.type, adapter.to_json()
    name = torch.cuda.get_device_name() if device == 'cuda' else f'{platform.machine()} {device}, {torch.get_num_threads()} threads'
    return '\n'.join([f'{name}, torch {torch.__version__}, diffusers {diffusers.__version__}, peft {peft.__version__}, {date.today()}: '
        f'base {Path(args.base).name}, {str(pipe.compute_dtype).removeprefix("torch.")}, two LoRA of rank {adapter.rank} on {size["modules"]} modules ({size["parameters"]:,} numbers each), {args.rounds} rounds of {args.swaps} swaps each.',
        f'Command: `python benchmarks/adapter_swap.py {shlex.join(sys.argv[1:])}`', '',
        'Times are medians over all swaps, lowest and highest in brackets; a ratio is that of the medians of one round, again median, lowest and highest. '
        'After every swap all changes of weights were compared with those of the adapter.', '',
        '| way | ms a swap | times ours |', '|---|--:|--:|', *(line_of(r, rows[0]) for r in rows), ''])

def parse() -> argparse.Namespace:
    "The command line."
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--base', default='tiny', help="'tiny', 'sd15-random' (written to a temporary folder, 4.3 GB), or a folder")
    p.add_argument('--rank', type=int, default=8); p.add_argument('--swaps', type=int, default=4, help='of one way in one round'); p.add_argument('--rounds', type=int, default=5)
    p.add_argument('--device'); p.add_argument('--dtype', choices=('float32', 'bfloat16'), help='of the base; left out, the default of the device')
    p.add_argument('--out', type=Path, help='markdown file to write besides printing')
    return p.parse_args()

def main() -> None:
    "Measure, print the table and write it."
    args = parse(); device = pick_device(args.device)
    diffusers.utils.logging.set_verbosity_error()                  # printing its advice would be part of its time
    with tempfile.TemporaryDirectory() as d:
        base = write_random_base(Path(d)/'base') if args.base == 'sd15-random' else args.base
        pipe = load_base(base, device, pick_dtype(device, args.dtype))
        adapters = {name: random_adapter(pipe, args.rank, alpha, seed) for name, alpha, seed in zip(NAMES, (args.rank, 2*args.rank), (1, 2))}
        files = {name: save_adapter(a, Path(d)/f'{name}.safetensors') for name, a in adapters.items()}
        text = report(args, pipe, measure(pipe, adapters, files, args.swaps, args.rounds), adapters[NAMES[0]])
    print(text)
    if args.out: args.out.parent.mkdir(parents=True, exist_ok=True); args.out.write_text(text)

if __name__ == '__main__': main()
