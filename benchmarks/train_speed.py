"""What a LoRA step costs in our loop and in a straightforward one that does at each step what diffusers' train_text_to_image_lora.py does, and what each lever on ours brings.
All loops share one base and one adapter and take turns, so that what else the machine does hits all alike; a ratio compares two loops of the same round.
Run: python benchmarks/train_speed.py [--base tiny|sd15-random|FOLDER] [--resolution 64] [--batch 1 4 16] [--dtype bfloat16] [--steps 10] [--rounds 5] [--levers compile] [--out FILE.md]"""
import argparse, ctypes, gc, itertools, platform, shlex, statistics, sys, tempfile, time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psutil, torch
from diffusers.optimization import get_scheduler
from PIL import Image
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode
from torchvision import transforms

from shoes_lora.adapters import detach, init_adapter
from shoes_lora.catalogue import draw_catalogue
from shoes_lora.config import TrainConfig
from shoes_lora.env_check import autocast, pick_device, pick_dtype
from shoes_lora.inference import PeakMemory, load_base, write_random_base
from shoes_lora.objective import training_schedule
from shoes_lora.trainer import Trainer, cache_photos

LEVERS = {'checkpointing': 'gradient checkpointing', 'channels_last': 'channels_last', 'unfused': 'AdamW not fused', 'bfloat16': 'bfloat16 autocast',
          'compile': 'compiled', 'graphs': 'compiled with CUDA graphs'}
STEPS_PLANNED = 1000   # of the schedule; longer measurements begin again

def our_trainer(pipe, photos, config) -> Trainer:
    "Our trainer on `pipe`, which gets an adapter: the one place that knows how it is built."
    return Trainer(config, pipe, init_adapter(pipe, config.rank, config.lora_alpha, seed=config.seed), cache_photos(pipe, photos, config, progress=False))

class Ours:
    "Our loop, with one lever moved at a time."
    def __init__(self, pipe, photos, config):
        self.trainer = our_trainer(pipe, photos, config)
        self.unet, self.dtype, self.fused, self.compiled = self.trainer.unet, self.trainer.dtype, self.trainer.optimizer, {}
        self.unfused = torch.optim.AdamW(self.trainer.params, **adam(config))

    def set(self, lever:str='') -> None:
        "Put the trainer into its plain state, then move `lever`."
        t, unet = self.trainer, self.unet
        (unet.enable_gradient_checkpointing if lever == 'checkpointing' else unet.disable_gradient_checkpointing)()
        unet.to(memory_format=torch.channels_last if lever == 'channels_last' else torch.contiguous_format)
        t.optimizer = self.unfused if lever == 'unfused' else self.fused
        t.dtype = pick_dtype(t.device, 'bfloat16') if lever == 'bfloat16' else self.dtype
        t.forward = self._compile(lever) if lever in ('compile', 'graphs') else unet

    def _compile(self, lever:str):
        "The UNet compiled, once for each way."
        if lever not in self.compiled: self.compiled[lever] = torch.compile(self.unet, mode='reduce-overhead' if lever == 'graphs' else 'default')
        return self.compiled[lever]

    def step(self, k:int) -> torch.Tensor: # loss, on the device
        "Optimizer step `k`."
        return self.trainer.step(k)[0]

def adam(config) -> dict:
    "The settings of AdamW that the script gives to torch, which chooses the rest."
    return dict(lr=config.learning_rate, betas=(config.adam_beta1, config.adam_beta2), weight_decay=config.adam_weight_decay, eps=config.adam_epsilon)

def reference_batches(photos, tokenizer, config) -> Iterator[tuple[torch.Tensor, torch.Tensor]]: # (b, 3, H, W) in [-1, 1] and (b, 77), on the CPU, without end
    "Photos decoded, resized, cropped and tokenized when they are needed, shuffled in each epoch."
    view = transforms.Compose([transforms.Resize(config.resolution, interpolation=transforms.InterpolationMode.BILINEAR), transforms.RandomCrop(config.resolution), transforms.ToTensor(), transforms.Normalize([.5], [.5])])
    def collate(batch):
        ids = tokenizer([p.caption for p in batch], max_length=tokenizer.model_max_length, padding='max_length', truncation=True, return_tensors='pt').input_ids
        return torch.stack([view(Image.open(p.path).convert('RGB')) for p in batch]).contiguous().float(), ids
    loader = DataLoader(photos, config.train_batch_size, shuffle=True, drop_last=True, collate_fn=collate)
    while True: yield from loader

class Reference:
    "The script's loop, without accelerate, on the UNet that carries our adapter."
    def __init__(self, pipe, photos, config):
        self.pipe, self.config, self.schedule, self.batches = pipe, config, training_schedule(pipe.scheduler, config), reference_batches(photos, pipe.tokenizer, config)
        for part in (pipe.vae, pipe.text_encoder): part.requires_grad_(False)
        self.params = filter(lambda p: p.requires_grad, pipe.unet.parameters())
        self.optimizer = torch.optim.AdamW(self.params, **adam(config))
        self.rates = get_scheduler(config.lr_scheduler, self.optimizer, num_warmup_steps=config.lr_warmup_steps, num_training_steps=config.max_train_steps)

    def _loss(self, pixels:torch.Tensor, ids:torch.Tensor) -> torch.Tensor:
        "Mean squared error of one batch, from pixels and tokens."
        vae, device = self.pipe.vae, self.pipe.device
        latents = vae.encode(pixels.to(device, vae.dtype)).latent_dist.sample()*vae.config.scaling_factor
        noise = torch.randn_like(latents) + self.config.noise_offset*torch.randn(*latents.shape[:2], 1, 1, device=device, dtype=latents.dtype)
        timesteps = torch.randint(self.schedule.config.num_train_timesteps, (len(latents),), device=device)
        noisy = self.schedule.add_noise(latents, noise, timesteps)
        text = self.pipe.text_encoder(ids.to(device))[0]
        guess = self.pipe.unet(noisy.to(self.pipe.unet.dtype), timesteps, text).sample
        return F.mse_loss(guess.float(), noise.float())

    def step(self, k:int) -> torch.Tensor: # loss
        "One optimizer step; `k` is not needed, everything is drawn as it comes."
        with autocast(self.pipe.device.type, self.pipe.compute_dtype): loss = self._loss(*next(self.batches))
        loss.item()                                                                # for its log, at each step
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.params, self.config.max_grad_norm)     # as in the script: the optimizer has used the iterator up, so nothing is clipped
        self.optimizer.step(); self.rates.step(); self.optimizer.zero_grad()
        return loss

@dataclass
class Row:
    "One loop of the table and what was measured of it."
    name:str
    batch:int
    enter:Callable[[], None]              # puts what the loops share into the state of this one
    step:Callable[[int], torch.Tensor]
    seconds:list[float] = field(default_factory=list)  # of one step, by round
    peak:int = 0                          # bytes
    reason:str = ''                       # why there are no numbers

def rows_of(pipe, photos, config, levers) -> tuple[list[Row], Ours]:
    "The reference, our loop, and our loop with each lever."
    ours = Ours(pipe, photos, config); reference = Reference(pipe, photos, config); b = config.train_batch_size
    moved = [Row(f'ours, {LEVERS[x]}', b, lambda x=x: ours.set(x), ours.step) for x in levers]
    return [Row('reference', b, ours.set, reference.step), Row('ours', b, ours.set, ours.step), *moved], ours

def wait(device:str) -> None:
    "Return when the accelerator has done what it was given."
    if device != 'cpu': getattr(torch, device).synchronize()

def seconds(f:Callable, device:str) -> float:
    "Wall time of `f()`."
    wait(device); start = time.perf_counter(); f(); wait(device)
    return time.perf_counter() - start

def trim() -> None:
    "Give memory that was freed back to the system, where its C library can."
    gc.collect()
    if sys.platform == 'linux' and hasattr(ctypes.CDLL(None), 'malloc_trim'): ctypes.CDLL(None).malloc_trim(0)

def warm(row:Row, device:str, ks:Iterator[int]) -> None:
    "First steps of `row`, which compile and fill caches, then one whose peak of memory is taken; what makes them impossible becomes its `reason`."
    try:
        row.enter()
        for _ in range(3): row.step(next(ks))
        trim(); before = 0 if device == 'cuda' else psutil.Process().memory_info().rss
        with PeakMemory(device) as peak: loss = row.step(next(ks)).item()
        row.peak = peak.bytes - before
        if not loss < float('inf'): row.reason = f'loss {loss}'
    except (RuntimeError, ValueError) as e: row.reason = f'{type(e).__name__}: {str(e).strip().splitlines()[0][:200]}'.replace('|', '/')

def measure(rows:list[Row], device:str, steps:int, rounds:int) -> None:
    "Fill in the seconds of `rows`: each runs `steps` steps in turn, in the opposite order in every second round."
    ks = itertools.cycle(range(1, STEPS_PLANNED + 1))
    for row in rows: warm(row, device, ks); print(f'{row.name}, batch {row.batch}: {row.reason or "ready"}', file=sys.stderr)
    able = [r for r in rows if not r.reason]
    for i in range(rounds):
        for row in able[::-1 if i % 2 else 1]:
            row.enter()
            for _ in range(3 if device == 'cuda' else 1): row.step(next(ks))
            row.seconds.append(seconds(lambda: [row.step(next(ks)) for _ in range(steps)][-1].item(), device)/steps)

def step_flops(ours:Ours) -> int:
    "Operations of forward and backward pass in one plain step of our loop."
    ours.set()
    with FlopCounterMode(display=False) as counter: ours.step(1)
    return counter.get_total_flops()

def matrix_peak(device:str, dtype:torch.dtype) -> float: # operations a second
    "The best of ten runs of large matrix products."
    n = 8192 if device == 'cuda' else 2048
    a, b = torch.randn(2, n, n, device=device).to(dtype)
    product = lambda: [a@b for _ in range(4)]
    product()
    return 4*2*n**3/min(seconds(product, device) for _ in range(10))

def times(row:Row, other:Row) -> str:
    "How many times as fast as `other` `row` is: median, lowest and highest of the rounds."
    if not (row.seconds and other.seconds): return ''
    r = [b/a for a, b in zip(row.seconds, other.seconds)]
    return f'{statistics.median(r):.2f} ({min(r):.2f} to {max(r):.2f})'

def lines_of(rows:list[Row], flops:int, peak:float) -> list[str]:
    "The rows of one batch size as lines of a markdown table."
    reference, ours = rows[:2]
    def line(r):
        if not r.seconds: return f'| {r.name} | {r.batch} | {r.reason} | | | | | |'
        rate = 1/statistics.median(r.seconds)
        return f'| {r.name} | {r.batch} | {rate:.3g} | {rate*r.batch:.3g} | {r.peak/1e6:,.0f} | {times(r, reference)} | {times(r, ours)} | {flops*rate/peak:.1%} |'
    return [line(r) for r in rows]

def report(args, device:str, dtype:torch.dtype, peak:float, lines:list[str]) -> str:
    "The table with all that is needed to read it and to make it again."
    name = torch.cuda.get_device_name() if device == 'cuda' else f'{platform.machine()} {device}, {torch.get_num_threads()} threads'
    memory = 'the most that torch allocated' if device == 'cuda' else 'growth of the process during a step'
    return '\n'.join([f'{name}, torch {torch.__version__}, {date.today()}: base {Path(args.base).name}, {args.resolution} pixels, {str(dtype).removeprefix("torch.")}, {args.rounds} rounds of {args.steps} steps each.',
        f'Command: `python benchmarks/train_speed.py {shlex.join(sys.argv[1:])}`', '',
        f'Steps and images a second are medians; times the reference and times ours are medians of the ratios within a round, lowest and highest in brackets. Peak memory is {memory}.',
        f'Share of peak: operations of a plain step of ours against {peak/1e12:.3g} Tflop/s of a large matrix product in the same precision.', '',
        '| loop | batch | steps/s | images/s | peak memory, MB | times the reference | times ours | share of peak |', '|---|--:|--:|--:|--:|--:|--:|--:|', *lines, ''])

def offered(device:str, dtype:torch.dtype) -> list[str]:
    "The levers that mean something on `device` in `dtype`."
    return [x for x in LEVERS if not (x == 'graphs' and device != 'cuda') and not (x == 'bfloat16' and dtype != torch.float32)]

def parse() -> argparse.Namespace:
    "The command line."
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--base', default='tiny', help="'tiny', 'sd15-random' (written to a temporary folder, 4.3 GB), or a folder")
    p.add_argument('--resolution', type=int, default=64); p.add_argument('--batch', type=int, nargs='+', default=[16])
    p.add_argument('--device'); p.add_argument('--dtype', choices=('float32', 'bfloat16'), help='precision of the passes; left out, the default of the device')
    p.add_argument('--steps', type=int, default=10, help='of one loop in one round'); p.add_argument('--rounds', type=int, default=5)
    p.add_argument('--levers', nargs='*', choices=LEVERS, help='left out, all that the device offers; without a name, none')
    p.add_argument('--out', type=Path, help='markdown file to write besides printing')
    return p.parse_args()

def main() -> None:
    "Measure, print the table and write it."
    args = parse(); device = pick_device(args.device); dtype = pick_dtype(device, args.dtype)
    levers = offered(device, dtype) if args.levers is None else args.levers
    with tempfile.TemporaryDirectory() as d:
        base = write_random_base(Path(d)/'base') if args.base == 'sd15-random' else args.base
        pipe, n = load_base(base, device, dtype), max(16, 2*max(args.batch))
        photos, lines, peak = draw_catalogue(round(n/.7) + 1, args.resolution, 0, Path(d)/'photos', progress=False).train[:n], [], matrix_peak(device, dtype)
        for batch in args.batch:
            config = TrainConfig(base=str(base), resolution=args.resolution, train_batch_size=batch, gradient_accumulation_steps=1, lr_warmup_steps=0, max_train_steps=STEPS_PLANNED, gradient_checkpointing=False)
            rows, ours = rows_of(pipe, photos, config, levers)
            measure(rows, device, args.steps, args.rounds)
            lines += lines_of(rows, step_flops(ours), peak)
            ours.set(); detach(pipe); torch.compiler.reset(); trim()
    text = report(args, device, dtype, peak, lines)
    print(text)
    if args.out: args.out.parent.mkdir(parents=True, exist_ok=True); args.out.write_text(text)

if __name__ == '__main__': main()
