"""What the cache of latents costs and saves: photos encoded, read again, read again after one was edited, and the memory of reading.
The photos are copied into a temporary folder as links; nothing is written beside them.
Run: python benchmarks/cache.py FOLDER_OF_A_PHOTO_SET [size]"""
import platform, resource, sys, tempfile, time
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image

from shoes_lora.cache import check_cache, encode_captions, encode_photos
from shoes_lora.dataset import read_photoset
from shoes_lora.inference import load_base

def timed(what, f):
    "Result of `f`, its wall and processor time printed."
    wall, cpu = time.perf_counter(), time.process_time(); result = f()
    print(f'{what:44} {time.perf_counter() - wall:7.2f} s wall {time.process_time() - cpu:7.2f} s processor   largest memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024:,.0f} MB')
    return result

def main(folder, size=64):
    "Print the seconds of each stage."
    photos = [p for split in read_photoset(folder).splits.values() for p in split]; pipe = load_base('tiny', 'cpu')
    print(f'{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}, {len(photos):,} photos of {folder}, {size} pixels')
    with tempfile.TemporaryDirectory() as d:
        kept = dict(cache_dir=Path(d)/'cache', progress=False)
        first = timed('photos encoded', lambda: encode_photos(pipe, photos, size, **kept))
        again = timed('photos read', lambda: encode_photos(pipe, photos, size, **kept))
        Image.open(photos[0].path).convert('RGB').transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(Path(d)/'edited.png')
        edited = timed('photos read after one was edited', lambda: encode_photos(pipe, [replace(photos[0], path=Path(d)/'edited.png'), *photos[1:]], size, **kept))
        captions = [p.caption for p in photos]
        timed('captions encoded', lambda: encode_captions(pipe, captions, **kept)); timed('captions read', lambda: encode_captions(pipe, captions, **kept))
        print('the same to the last bit:', all(map(torch.equal, first, again)), '  photos whose latents moved after the edit:', int((edited[0] != first[0]).flatten(1).any(1).sum()))
        print(check_cache(Path(d)/'cache', progress=False))

if __name__ == '__main__': main(sys.argv[1], *map(int, sys.argv[2:]))
