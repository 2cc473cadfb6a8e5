#include "resolution_fixture.h"

Test(resolve_python_assign, a_module_may_be_put_where_an_import_finds_it_anyway)
{
    expect_nothing("from pyexpat import *\nimport sys\nsys.modules['xml.parsers.expat.model'] = model");
    expect_nothing("import sys, json.decoder\nsys.modules['json.decoder'] = json.decoder");
    expect_dynamic("import sys, x\nsys.modules['y'] = x");
    expect_dynamic("import sys\nsys.modules['json'] = f");
    expect_dynamic("import sys, json\nsys.modules['os'] = json");
    expect_dynamic("import sys\nsys.modules['x'] = x");
    expect_dynamic("import sys, json\njson = f\nsys.modules['json'] = json");
}
