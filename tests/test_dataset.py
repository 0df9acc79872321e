"What people's folders hold: one of each bad input, damage at random, real products, several processes, a kill in the middle."
import contextlib, io, json, os, shutil, signal, subprocess, sys, tempfile, time, zlib
from pathlib import Path

import numpy as np, pytest
from PIL import Image

from conftest import ROOT
from shoes_lora.cli import main
from shoes_lora.dataset import export_photoset, find_layout, read_photoset, scan
from shoes_lora.quarantine import RULES, CheckReport, check_source, open_clean

RAW = ROOT.parent/'shared'/'data'/'fashion_products_raw'

def noise(seed, size=(300, 300)): return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), dtype=np.uint8))
def shoe(size): # a dark block with a sole, on white
    x = np.full((300, 300, 3), 255, np.uint8); x[120:200, 40:250] = (120, 20, 20); x[200:220, 30:265] = (40, 40, 40)
    return Image.fromarray(x).resize((size, size), Image.Resampling.LANCZOS)
def bomb():
    def chunk(kind, body): return len(body).to_bytes(4, 'big') + kind + body + zlib.crc32(kind + body).to_bytes(4, 'big')
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', (100_000).to_bytes(4, 'big')*2 + bytes([8, 2, 0, 0, 0])) + chunk(b'IDAT', zlib.compress(b'')) + chunk(b'IEND', b'')

def digest(folder): return {f.relative_to(folder).as_posix(): f.read_bytes() for f in sorted(folder.rglob('*')) if f.is_file()}

@pytest.fixture(scope='module')
def spoilt(tmp_path_factory):
    "(folder, rule -> files) of a set in the original's layout with one of each bad input, and three good photos."
    root = tmp_path_factory.mktemp('spoilt')/'set'; images = root/'train'/'images'; images.mkdir(parents=True)
    records, expected = [], {}
    def row(name, rule=None, caption='a shoe', image_id=None, file=None):
        records.append(dict(image_id=image_id or name, image_file=name, caption=caption, metadata={}))
        if rule: expected[rule] = [file or f'train/images/{name}']
        return images/name
    noise(0).save(row('good0.png')); shoe(300).save(row('good1.png')); noise(2).save(row('good2.jpg'), quality=95)
    row('empty.png', 'empty-file').write_bytes(b''); row('cut.png', 'unreadable').write_bytes((images/'good0.png').read_bytes()[:9000]); row('bomb.png', 'too-many-pixels').write_bytes(bomb())
    noise(3).save(row('moving.gif', 'animated'), save_all=True, append_images=[noise(4)]); Image.fromarray(np.ones((300, 300), np.float32)).save(row('float.tif', 'unknown-white'))
    noise(5, (400, 255)).save(row('small.png', 'too-small')); Image.new('RGB', (300, 300), (240, 240, 240)).save(row('white.jpg', 'blank')); shutil.copy(images/'good0.png', row('zcopy.png', 'duplicate'))
    shoe(330).save(row('znear.png', 'near-duplicate')); noise(6).save(row('really.jpg', 'wrong-extension'), 'PNG'); noise(7).quantize(64).save(row('numbers.png', 'palette')); noise(8).convert('CMYK').save(row('print.jpg', 'cmyk'))
    Image.fromarray(np.random.default_rng(9).integers(0, 65536, (300, 300), dtype=np.uint16)).save(row('deep.png', 'sixteen-bit')); noise(10).convert('RGBA').save(row('ghost.png', 'alpha'))
    turned = noise(11, (400, 300)); exif = turned.getexif(); exif[0x0112] = 8; turned.save(row('turned.jpg', 'rotated'), exif=exif); noise(12).save(row('long.png', 'long-caption', 'shoe '*90))
    noise(15).save(row('profiled.png', 'bad-profile'), icc_profile=b'no profile')
    row('gone.png', 'missing-picture')
    def record(rule, **r): records.append(dict(image_id=f'r{len(records)}', caption='a shoe', image_file='good0.png') | r); expected[rule] = [f'train/captions.json record {len(records)-1}']
    record('path-outside', image_file='../../../secret.png'); record('bad-record', image_id=None); record('bad-id', image_id='two\nlines', image_file='x.png')
    record('duplicate-id', image_id='good0.png', image_file='y.png'); record('duplicate-file')
    noise(13).save(row('latin.png', 'not-utf8', 'br\u00fbn\u00e9', file=f'train/captions.json record {len(records)}')); noise(14).save(images/'alone.png'); expected['missing-caption'] = ['train/images/alone.png']
    (images/'._good0.png').write_bytes(b'Mac OS X'); expected['dot-file'] = ['train/images/._good0.png']
    text = json.dumps(records, ensure_ascii=False).encode().replace('br\u00fbn\u00e9'.encode(), 'br\u00fbn\u00e9'.encode('latin-1'))
    (root/'train'/'captions.json').write_bytes(text); (root/'train'/'ids.txt').write_text('another\n'); expected['other-ids'] = ['train/ids.txt']
    return root, expected

TABLES = {'repaired-csv-line', 'bad-csv-line', 'bad-json'}   # rules that a captions.json cannot break
LATER = {'leaked-copy', 'leaked-kin', 'excluded', 'unknown-id', 'large-group', 'shared-title', 'no-product', 'enlarged'}   # rules of several splits, or of preparing

def test_one_of_each_is_found_named_and_counted(spoilt, tmp_path):
    root, expected = spoilt; before = digest(root)
    assert set(expected) | TABLES | LATER == set(RULES), 'a rule without its bad input, or the other way round'
    words = ['data', 'check', root, '--base', 'tiny', '--report', tmp_path/'report.json', '--cache', tmp_path/'cache']
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()): status = main([*map(str, words)])
    report = CheckReport.from_json((tmp_path/'report.json').read_text(encoding='utf-8'))
    assert {rule: report.files(rule) for rule in report.counts} == expected
    assert report.counts == {rule: 1 for rule in expected} and all(f' {rule} ' in out.getvalue() for rule in expected)
    assert status == 1 and {e.path.name for e in report.kept} == {'good0.png', 'good1.png', 'good2.jpg', 'znear.png', 'really.jpg', 'numbers.png', 'print.jpg', 'deep.png', 'ghost.png', 'turned.jpg', 'long.png', 'profiled.png'}
    for e in report.kept: assert open_clean(e.path).mode == 'RGB'
    assert digest(root) == before, 'the source was changed'

def test_bad_tables(tmp_path):
    (tmp_path/'images').mkdir(); (tmp_path/'styles').mkdir()
    for i in range(4): noise(i).save(tmp_path/'images'/f'{i}.jpg')
    (tmp_path/'styles.csv').write_bytes(b'id,year,name\n0,2011,a\n1,2012,b, with laces\n2,2013\n3,2014,c\n')
    (tmp_path/'styles'/'0.json').write_text('{"data": '); (tmp_path/'styles'/'3.json').write_text('{"data": {"brandName": "Nike"}}')
    found = check_source(scan(tmp_path), near=False, progress=False)
    assert {r: found.files(r) for r in found.counts} == {'repaired-csv-line': ['styles.csv line 3'], 'bad-csv-line': ['styles.csv line 4'], 'bad-json': ['styles/0.json'], 'missing-caption': ['images/2.jpg']}
    assert [(e.image_id, e.metadata.get('name'), e.metadata.get('brandName')) for e in found.kept] == [('0', 'a', None), ('1', 'b, with laces', None), ('3', 'c', 'Nike')]

def test_strict_reading_refuses_what_the_scan_leaves_out(spoilt):
    with pytest.raises((ValueError, FileNotFoundError), match='captions.json|images'): read_photoset(spoilt[0])

def test_damage_at_random_never_stops_the_check(tmp_path):
    rng = np.random.default_rng(0)
    for name in ('a.jpg', 'a.png', 'a.webp', 'a.gif', 'a.tif', 'a.bmp'):
        whole = tmp_path/f'whole.{name}'; noise(1, (48, 48)).save(whole); data = whole.read_bytes(); whole.unlink()
        for k in range(25):
            bad = bytearray(data[:int(rng.integers(1, len(data) + 1))] if k % 2 else data)
            for i in rng.integers(0, min(len(bad), 64 if k % 3 else len(bad)), 4): bad[i] = rng.integers(256)
            (tmp_path/f'{name[2:]}{k}{name[1:]}').write_bytes(bytes(bad))
    found = check_source(scan(tmp_path), min_side=8, near=False, progress=False)
    left = [p.file for p in found.problems if p.action == 'left out']
    assert found.checked == 150 and len(found.kept) + len(left) == 150 and len(left) > 60      # each picture is kept or left out, once
    for e in found.kept: open_clean(e.path)

@contextlib.contextmanager
def nobody():
    "Another user than root, to whom rights mean something."
    if os.geteuid(): yield; return
    os.seteuid(65534)
    try: yield
    finally: os.seteuid(0)

def test_what_may_not_be_read_is_named_and_the_rest_is_checked():
    with tempfile.TemporaryDirectory() as tmp:
        root = Path(tmp); (root/'a'/'closed').mkdir(parents=True); (root/'listed').mkdir(); root.chmod(0o755)
        for i, name in enumerate(('a/1.png', 'a/2.png', 'a/closed/3.png', 'listed/4.png')): noise(i).save(root/name)
        (root/'a'/'2.png').chmod(0); (root/'a'/'closed').chmod(0); (root/'listed').chmod(0o444)      # no file of the last may be reached
        with nobody(): found = check_source(scan(root), near=False, progress=False)
        assert sorted(found.files('unreadable')) == ['a/2.png', 'a/closed', 'listed/4.png'] and [e.path.name for e in found.kept] == ['1.png']
        (root/'listed').chmod(0o755); (root/'a'/'closed').chmod(0o755)

def test_unreadable_tables_and_captions():
    with tempfile.TemporaryDirectory() as tmp:
        root = Path(tmp); root.chmod(0o755)
        for layout, text in (('splits', 'train/captions.json'), ('imagefolder', 'metadata.csv'), ('table', 'list.csv')):
            f = root/layout/text; f.parent.mkdir(parents=True); f.write_text('file_name,text\n1.png,a'); noise(1).save(f.parent/'1.png'); f.chmod(0)
            with nobody(), pytest.raises(ValueError, match=f'{f.name} cannot be read'): scan(root/layout)
        for name in ('1', '2'): noise(1).save(root/f'{name}.png'); (root/f'{name}.txt').write_text('a shoe')
        (root/'splits'/'train'/'captions.json').chmod(0o644); (root/'splits'/'train'/'captions.json').write_text(json.dumps([dict(image_id='1', image_file='1.png', caption='a')]))
        (root/'splits'/'train'/'images').mkdir(); shutil.copy(root/'1.png', root/'splits'/'train'/'images'); (root/'splits'/'val'/'images').mkdir(parents=True); (root/'splits'/'val').chmod(0)
        with nobody(): source = scan(root/'splits')
        assert [(p.rule, p.file) for p in source.problems] == [('unreadable', 'val')] and [e.image_id for e in source.entries] == ['1']     # a split that is closed is told, the other read
        (root/'1.txt').chmod(0); shutil.rmtree(root/'splits'); shutil.rmtree(root/'imagefolder'); shutil.rmtree(root/'table')
        with nobody(): source = scan(root)
        assert [p.file for p in source.problems] == ['1.txt'] and source.problems[0].rule == 'unreadable' and [e.image_id for e in source.entries] == ['2']

def checking(root, cache):
    code = f'''
from shoes_lora.dataset import scan
from shoes_lora.quarantine import check_source
print(check_source(scan({str(root)!r}), min_side=8, cache_dir={str(cache)!r}, progress=False))'''
    return subprocess.Popen([sys.executable, '-c', code], env={**os.environ, 'PYTHONPATH': str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

@pytest.fixture(scope='module')
def many(tmp_path_factory):
    "A folder of 200 small photos."
    root = tmp_path_factory.mktemp('many')/'photos'; root.mkdir()
    for i in range(200): noise(i, (32, 32)).save(root/f'{i}.png')
    return root

def test_two_processes_share_a_cache_and_a_killed_one_leaves_it_whole(many, tmp_path):
    cache = tmp_path/'cache'
    killed = checking(many, cache)
    while not list(cache.glob('features-*/*.safetensors')) and killed.poll() is None: time.sleep(.02)
    killed.send_signal(signal.SIGKILL); assert killed.wait(60) == -signal.SIGKILL
    kept = {f: f.stat().st_mtime_ns for f in cache.rglob('*') if f.suffix in ('.json', '.safetensors') and not f.name.startswith('.')}
    assert 0 < len(kept) < 8                                           # of four shards of each kind
    said = [p.communicate(timeout=300) for p in [checking(many, cache), checking(many, cache)]]
    assert said[0][0] == said[1][0] and '200 pictures checked' in said[0][0], said[0][1][-2000:]
    shards = list(cache.glob('features-*/[!.]*.safetensors'))
    assert 4 <= len(shards) <= 5 and all(f.stat().st_mtime_ns == t for f, t in kept.items()), 'what was there was made again'
    assert str(check_source(scan(many), min_side=8, cache_dir=cache, progress=False)) + '\n' == said[0][0]

@pytest.mark.skipif(not RAW.exists(), reason='the raw products are not here')
def test_raw_products(tmp_path):
    before = {f: f.stat().st_mtime_ns for f in RAW.rglob('*')}
    source = scan(RAW, where='articleType == "Casual Shoes"')
    found = check_source(source, cache_dir=tmp_path/'cache', progress=False)
    assert (find_layout(RAW), source.rows, len(source.entries), found.counts.get('repaired-csv-line'), found.counts.get('missing-picture'), found.checked) == ('products', 525, 320, 3, 5, 320)
    assert len(found.kept) + found.counts.get('duplicate', 0) == 320 and not set(found.counts) - {'repaired-csv-line', 'missing-picture', 'duplicate', 'near-duplicate'}
    assert all(e.caption is None and e.metadata['articleType'] == 'Casual Shoes' and e.metadata['brandName'] for e in found.kept)
    assert {f: f.stat().st_mtime_ns for f in RAW.rglob('*')} == before

@pytest.mark.skipif(not RAW.exists(), reason='the raw products are not here')
def test_raw_products_become_a_set_that_every_layout_holds(tmp_path):
    words = ['data', 'prepare', RAW, tmp_path/'set', '--where', 'articleType == "Casual Shoes"', '--size', 64]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as err: status = main([*map(str, words)])
    assert status == 0, err.getvalue()[-2000:]
    made = read_photoset(tmp_path/'set')
    assert sum(map(len, made.splits.values())) == 320 and set(made.splits) == {'train', 'val', 'test'}
    def content(photoset): return {s: {p.image_id: (p.caption, p.metadata, open_clean(p.path).tobytes()) for p in photos} for s, photos in photoset.splits.items()}
    for layout, how in (('splits', {}), ('imagefolder', {}), ('imagefolder', dict(as_csv=True)), ('sidecars', {}), ('table', {})):
        back = read_photoset(export_photoset(made, tmp_path/f'{layout}{len(how)}', layout, **how))
        assert content(back) == content(made), layout
