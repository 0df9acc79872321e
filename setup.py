"Builds the package; every value is read from settings.ini, change it there."
import shlex
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
ini = ConfigParser(delimiters=['='])
if not ini.read(here/'settings.ini', encoding='utf-8'): raise FileNotFoundError(f'{here}/settings.ini is missing: the sdist must carry it (MANIFEST.in)')
s = ini['DEFAULT']
lib = s['lib_path']
words = lambda key: shlex.split(s.get(key, ''))   # requirements with spaces or commas are quoted in settings.ini

setup(
    name=s['lib_name'],
    version=s['version'],
    description=s['description'],
    keywords=s['keywords'],
    author=s['author'],
    author_email=s['author_email'],
    url=s['git_url'],
    license_expression={'mit': 'MIT'}[s['license']],
    license_files=['LICENSE'],
    python_requires=f'>={s["min_python"]}',
    packages=find_packages(include=[lib, f'{lib}.*']),
    package_data={lib: words('package_data')},
    install_requires=words('requirements'),
    extras_require={'dev': words('dev_requirements')},
    entry_points={'console_scripts': words('console_scripts'), 'nbdev': [f'{lib}={lib}._modidx:d']},
    long_description=(here/'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    zip_safe=False,
)
