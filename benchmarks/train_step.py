"""What a LoRA step on the embedded base costs: photos and captions encoded once against encoded at every step, and float32 against bfloat16 autocast.
The variants take turns, so that what else the machine does hits all alike.
Run: python benchmarks/train_step.py [repeats] [batch]"""
import platform, statistics, sys, tempfile, time
from pathlib import Path

import torch

from shoes_lora.adapters import init_adapter
from shoes_lora.cache import encode_captions, encode_photos
from shoes_lora.catalogue import draw_catalogue
from shoes_lora.env_check import pick_device
from shoes_lora.inference import load_base
from shoes_lora.train import TrainConfig, Trainer, cache_photos

def trainers(photos, config, device):
    "A trainer for each precision the device offers, by name."
    made = {}
    for dtype in ('float32', 'bfloat16'):
        try: pipe = load_base('tiny', device, dtype)
        except ValueError as e: print(f'{dtype} left out: {e}'); continue
        made[dtype] = Trainer(config, pipe, init_adapter(pipe, config.rank, config.lora_alpha, seed=0), cache_photos(pipe, photos, config, progress=False))
    return made

def seconds(f, device):
    "Wall time of one call, with the accelerator's queue drained."
    wait = torch.cuda.synchronize if device == 'cuda' else torch.mps.synchronize if device == 'mps' else (lambda: None)
    wait(); start = time.perf_counter(); f(); wait()
    return time.perf_counter() - start

def main(repeats=12, batch=32):
    "Print the median seconds of each variant and the ratios that matter."
    device = pick_device()
    with tempfile.TemporaryDirectory() as d:
        photos = draw_catalogue(2*batch, 64, 0, Path(d)/'photos', progress=False).train[:batch]
        config = TrainConfig(resolution=64, train_batch_size=len(photos), gradient_accumulation_steps=1, lr_warmup_steps=0, max_train_steps=repeats+2, gradient_checkpointing=False)
        by_dtype = trainers(photos, config, device)
        plain = by_dtype['float32']
        def encode(): encode_photos(plain.pipe, photos, 64, progress=False); encode_captions(plain.pipe, [p.caption for p in photos], progress=False)
        steps = {f'cached, {name}': t.step for name, t in by_dtype.items()} | {'encoded every step, float32': lambda k: (encode(), plain.step(k))}
        times = {name: [] for name in steps}
        for k in range(1, repeats+2):
            for name, step in steps.items():
                t = seconds(lambda: step(k), device)
                if k > 1: times[name].append(t)   # the first round warms up
    median = {name: statistics.median(ts) for name, ts in times.items()}
    print(f'{platform.machine()}, {device}, {torch.get_num_threads()} threads, torch {torch.__version__}, batch {len(photos)}, {repeats} runs each, seconds')
    for name, ts in times.items(): print(f'{name:28} median {median[name]:.3f}   fastest {min(ts):.3f}   slowest {max(ts):.3f}   / cached float32 {median[name]/median["cached, float32"]:.2f}')

if __name__ == '__main__': main(*map(int, sys.argv[1:3]))
