#include "resolution_fixture.h"

/* After that, an ordinary import runs what nobody judged. */
Test(resolve_python_store, tells_changes_of_the_importer)
{
    static const char *const changes[] = {
        "import _io\n_io.open_code = f",
        "import io as i\ni.open_code = f",
        "import importlib.machinery as m\nm.SourceFileLoader.get_data = f",
        "import importlib._bootstrap_external as b\nb._io = x",
        "import _frozen_importlib_external as b\nb._io = x",
        "import encodings\nencodings.search_function = f",
        "import builtins\nbuiltins.__import__ = f",
        "setattr(__builtins__, 'len', f)",
        "vars(__builtins__)['len'] = f",
        "import string\nstring.digits = input()\nexec(string.digits)",
        "import sys\nsys.meta_path[0:0] = [f]",
        "import sys\nsys.meta_path += [f]",
        "import sys\nq = sys.meta_path\nq.insert(0, f)",
        "import sys\nq = sys.meta_path\nq.extend([f])",
        "import sys\nsys.meta_path = [f]",
        "import sys\nsys.path_importer_cache['/code'] = f",
        "import sys\nsys.path_importer_cache.update(x)",
        "import sys\nsys.path_hooks[:] = [f]",
        "from sys import path_hooks as h\nh += [f]",
        "import sys\nsys.modules['json'] = x",
        "import sys\nsys.modules.update(json=x)",
        "import sys\nsys.modules |= x",
        "import sys\nsetattr(sys, 'path', ['/tmp'])",
        "import sys\nsetattr(sys, name, x)",
        "import sys\nsys.__setattr__('path', ['/tmp'])",
        "import sys\nvars(sys)['path'] = ['/tmp']",
        "import sys\nvars(sys).update(path=['/tmp'])",
        "import sys\nsys.__dict__.update({'path': ['/tmp']})",
        "import sys\nsys.path.__iadd__(['/tmp'])",
        "import sys\nlist.append(sys.path, '/tmp')",
        "import sys, operator\noperator.iadd(sys.path, ['/tmp'])",
        "import sys\np = sys.path\np.append('/tmp')",
        "import sys\nfor sys.path in x: pass",
        "import json\np = json.__path__\np.append('/tmp')",
        "import json\nsetattr(json, '__path__', ['/tmp'])",
        "import json\nvars(json).update(__path__=['/tmp'])",
        "globals()['__path__'] = ['/tmp']",
        "import json\njson.__spec__.submodule_search_locations.append('/tmp')",
        "import json\ns = json.__spec__.submodule_search_locations\ns.append('/tmp')",
    };
    for (size_t i = 0; i < SP_COUNT(changes); i++)
        expect_dynamic(changes[i]);
    expect_nothing("import sys\ndel sys.modules['json']\nprint(sys.path, sys.path[0], len(sys.meta_path))");
    expect_nothing("import sys\nsys.modules[__name__] = x\nsys.stdout = x\nsys.argv[1:] = []\nsys.argv.append(x)");
    expect_nothing("import sys\nsetattr(sys, 'stdout', x)\nvars(sys)['x'] = 1\nsys.path_importer_cache.clear()");
    expect_nothing("import json\njson.x = 1\nsetattr(json, 'x', 1)\nvars(json)['x'] = 1\nvars(x).update(path=1)");
    expect_nothing("import builtins\nbuiltins._ = f\nx.path = []\nx.modules['a'] = 1\nx.meta_path += [1]");
    expect_nothing("import io\nb = io.StringIO()\nb.name = 'x'\nlist.append(x, 1)\nglobals()['x'] = 1");
}
