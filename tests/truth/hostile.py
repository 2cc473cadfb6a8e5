"""Programs, patterns and texts made to cost more than their length. A row is a name, what stands before, what is repeated,
what stands behind; <i> and <j> in the repeated part are its number and the next one."""

OS = "import os\n"

SOURCES = [
    # Blanks, comments, brackets, quotes.
    ("import and blanks", "import", " ", ""),
    ("import and blanks and os", "import", " ", " os"),
    ("lines of #", "", "#\n", ""),
    ("one comment", "", "#", ""),
    ("blank lines", "", "\n", ""),
    ("form feeds", "", "\f\n", ""),
    ("carriage returns", "", "x\r", ""),
    ("CRLF", "", "x\r\n", ""),
    ("BOM", "\ufeff", "\ufeffx\n", ""),
    ("(", "", "(", ""),
    ("[", "", "[", ""),
    ("{", "", "{", ""),
    (")", "", ")", ""),
    ("quotes", "", '"', ""),
    ("quotes, a line each", "", "'\n", ""),
    ("quotes over joined lines", "", "'\\\n", ""),
    ("triple quotes", "", "'''", ""),
    ("triple quotes of two kinds", "", "'''\n\"\"\"\n", ""),
    ('f"{', "", 'f"{', ""),
    ("f-strings of two quotes", "", "f\"{f'{", ""),
    ("triple f-strings", "", "f\"\"\"{f'''{", ""),
    ("fields", 'f"', "{x}", '"'),
    ("fields, a line each", 'f"""', "{x}\n", '"""'),
    ("fields in specifications", 'f"', "{x:", '}"'),
    ("debugging fields", 'f"', "{x=", '"'),
    ("f-strings of 3.12", "", 'f"{"a"}"\n', ""),
    ("backslashes", "", "\\", ""),
    ("joined lines", "x=", "\\\n", "1"),
    ("joined lines in a string", "x='", "\\\n", "'"),
    ("names of characters", "x='", "\\N{DASH}", "'"),
    ("open names of characters", "f'", "\\N{", "'"),
    ("escapes", "x='", "\\u0061", "'"),
    ("lone surrogates", "x='", "\\ud800", "'"),
    ("indentation", "if x:\n", " ", "y"),
    ("dedents", "", "  x\n x\n", ""),
    ("semicolons", "", "pass;", ""),
    ("zero-width spaces", "", "\u200b", ""),
    ("bidirectional controls", "# ", "\u202e", ""),
    # Names.
    ("a long name", "", "a", ""),
    ("a dotted name", "a", ".a", ""),
    ("a dotted name of a module", "import os\nos", ".path", ""),
    ("names", "", "a<i> ", ""),
    ("a long fullwidth name", "", "\uff41", "=1"),
    ("fullwidth names", "", "\uff41\uff42 ", ""),
    ("ligatures", "", "\ufdfa ", ""),
    ("marks", "a", "\u0301", ""),
    ("marks out of order", "a", "\u0301\u0316", ""),
    ("marks out of order in many names", "", "a" + "\u0301\u0316" * 250 + " ", ""),
    ("names of two scripts", "", "a\u0430 ", ""),
    # Imports.
    ("import a,", "import", " a,", ""),
    ("import a, again and again", "", "import a,", ""),
    ("import of many", "import ", "a<i> as b,", ""),
    ("import of a dotted name", "import a", ".a", ""),
    ("import of a dotted name as b", "import a", ".a", " as b\nb.c()"),
    ("relative import", "from ", ".", " import b"),
    ("members", "from os import (", "a<i>,", ""),
    ("modules with members", "", "from x<i> import a\n", ""),
    ("star imports", "", "from os import *\n", ""),
    ("star imports of many", "", "from m<i> import *\nx<i>()\n", ""),
    ("names behind star imports", "".join(f"from m{i} import *\n" for i in range(30)), "x<i>()\n", ""),
    # Calls, chains, evaluation.
    ('exec("exec(', "", 'exec("', ""),
    ("escaped exec", 'exec("', 'exec(\\"', ""),
    ("exec of lines", "", 'exec("import m<i>")\n', ""),
    ("exec of a long text", "exec('", "exec(\"import os\");", "')"),
    ("exec of a name", "a='ab'*32768\n", "exec(a)\n", ""),
    ("one alias", "from os import system as s\n", "s('x')\n", ""),
    ("one alias in one line", "import os as o\n", "o;", ""),
    ("one alias in one call", "import os as o\nf(", "o,", ")"),
    ("a.b().c()", "a", ".b().c()", ""),
    ("a.b().c() of a module", "import os\nos", ".b().c()", ""),
    ("calls of calls", "a", "()", ""),
    ("items of items", "a", "[0]", ""),
    ("__subclasses__", "a", ".__subclasses__()", ""),
    ("getattr of getattr", "", "getattr(", "os,'a')"),
    ("getattr", OS, "getattr(os,'a<i>')()\n", ""),
    ("__import__", "", "__import__('m<i>').x()\n", ""),
    ("sys.modules", "import sys\n", "sys.modules['os'].system()\n", ""),
    ("partial of partial", "from functools import partial\nx=", "partial(", "os.system"),
    ("a partial that grows", "from functools import partial\nf=exec\n", "f=partial(f,1)\n", ""),
    ("map over many", "list(map(exec,[", "'x<i>',", "]))"),
    ("decorators", "", "@a\n", "def f():pass"),
    ("decorators that evaluate", "", "@exec\n", "def f():pass"),
    # Operators.
    ("x = x + 'a'", "x=''\n", "x=x+'a'\n", ""),
    ("x += 'a'", "x=''\n", "x+='a'\n", ""),
    ("x = x * 2", "x='a'\n", "x=x*2\n", ""),
    ("'a' +", "x=", "'a'+", "'a'"),
    ("'a' 'a'", "x=", "'a' ", ""),
    ("repeated texts", "", "x='a'*65536\n", ""),
    ("repeated rows", "", "x=(1,)*4096\n", ""),
    ("rows of rows of rows", "", "x=((('x',)*100,)*100,)*100\n", ""),
    ("rows of rows of rows, compared", "", "f(((('x',)*99,)*99,)*99 or ((('x',)*99,)*99,)*99)\n", ""),
    ("slices of a long text", "a='ab'*32768\n", "f(a[1:])\n", ""),
    ("copies of a long text", "a='ab'*32768\n", "f(a[:])\n", ""),
    ("a long text stripped", "a=' '*60000\n", "a.strip()\n", ""),
    ("a long text split", "a='ab'*1000\n", "a.split('a')\n", ""),
    ("long bytes decoded", "a=b'61'*30000+b'\\xff'\n", "a.decode()\n", ""),
    ("%", "x='%s'", "%'a'", ""),
    ("% of many", "x='", "%s", "'%('a','b')"),
    ("format", "x='", "{}", "'.format('a')"),
    ("replace", "x='a'", ".replace('a','aa')", ""),
    ("join", "x=''.join([", "'a',", "])"),
    ("join of long texts", "y='a'*4096\n", "x=y.join([y,y,y])\n", ""),
    ("reversals", "x='abc'", "[::-1]", ""),
    ("chr", "x=", "chr(111)+", "chr(115)"),
    ("hexadecimal", "x=bytes.fromhex('", "6f", "')"),
    ("base64", "import base64\nx=base64.b64decode('", "QUFB", "')"),
    ("-", "", "-", "1"),
    ("not", "", "not ", "1"),
    ("**", "x=", "2**", "2"),
    ("comparisons", "x", "<x", ""),
    ("operators without operands", "f", "%", "x"),
    ("operators of two levels without operands", "f", "%<", "x"),
    ("or and", "f ", "or and ", "x"),
    ("walruses", "", "(x<i>:=", "os"),
    ("walruses in lines", OS, "(x:=os.a<i>).b()\n", ""),
    ("ternaries", "import os\nx=", "os.a<i> if c else ", "1\nx()"),
    ("alternatives", "import os\nx=", "os.a<i> or ", "1\nx()"),
    ("lambdas", "x=", "lambda:", ""),
    ("lambdas as defaults", "x=", "lambda x=lambda:", ""),
    ("lambdas called", "", "(lambda x:x)(", "os"),
    ("comprehensions in comprehensions", "", "[x for x in ", "os"),
    ("clauses", "[x", " for x in y", "]"),
    ("clauses without elements", "{", "for x in y:", ""),
    ("comprehensions over a long text", "a='ab'*2000\n", "''.join([x for x in a])\n", ""),
    # Bindings.
    ("a = a =", "", "a=", "os"),
    ("a tuple", "x=", "'a',", ""),
    ("tuples", "", "x=(<i>,2,3)\n", ""),
    ("targets", "", "a<i>,", "=x"),
    ("swaps", "import os\na=os\nb=1\n", "a,b=b,a\n", ""),
    ("names of names", "import os\na0=os\n", "a<j>=a<i>\n", ""),
    ("names of names, backwards", OS, "a<i>=a<j>\n", "b=a0\n"),
    ("math.aN = math.aN-1", "import math\n", "math.a<j>=math.a<i>\n", ""),
    ("branches", OS, "if c:\n x=os.a<i>\nelse:\n x=os.b<i>\nx()\n", ""),
    ("rebinding", OS, "x=os.a<i>\nx(1)\n", ""),
    ("elif", "import os\nif c:\n pass\n", "elif x==<i>:\n y=os.a<i>\n", ""),
    ("many meanings, many uses", OS + "".join(f"if c: x=os.a{i}\n" for i in range(235)), "x(1)\n", ""),
    ("many meanings, many uses in one line", OS + "".join(f"if c: x=os.a{i}\n" for i in range(235)), "x(1);", ""),
    (
        "two names of many meanings",
        OS + "".join(f"if c: x=os.a{i}\nif c: y=os.b{i}\n" for i in range(120)),
        "x=y;y=x\n",
        "",
    ),
    ("functions that rebind a global", OS, "def f<i>():\n global x\n x=os.a<i>\n", ""),
    ("functions that call the next", OS, "def f<i>():\n return f<j>()\n", ""),
    ("functions with defaults", OS, "def f<i>(a=os.x<i>):\n return a\nf<i>()()\n", ""),
    ("one function, defined again", OS, "def f():\n return os.a<i>\nf()()\n", ""),
    ("functions in functions", OS, "def f(x=os):", "x"),
    ("parameters", "import os\ndef f(", "a<i>=os,", "):pass"),
    ("keywords", "import os\nf(", "a<i>=os,", ")"),
    ("nonlocal", "import os\ndef f():\n x=1\n", " def f<i>():\n  nonlocal x\n  x=os.a<i>\n", ""),
    ("global", "global ", "x<i>,", ""),
    ("classes", OS, "class A:\n x=os.a<i>\nA.x()\n", ""),
    ("classes of classes", "", "class A<j>(A<i>):pass\n", ""),
    ("bases", "class A(", "A<i>,", "):pass"),
    ("methods", "import os\nclass A:\n", " def m<i>(self):\n  self.a=os.b<i>\n  self.a()\n", ""),
    ("attributes", "import os\nclass A:\n", " def m<i>(self):\n  self.a<i>=self.a<j>\n", ""),
    ("a dictionary", "import os\nx={", "'a<i>':os,", "}\nx['a']()"),
    ("items by unknown keys", "import os\nx={}\n", "x[y]=os.a<i>\nx[z]()\n", ""),
    ("for", OS, "for x in [os.a<i>]: x()\n", ""),
    ("for in for", "", "for x in y:", ""),
    ("with", "with ", "a as b<i>,", ":pass"),
    ("try", "", "try:\n pass\nexcept E as e:\n pass\n", ""),
    ("match", "", "match ", ""),
    ("cases", "import os\nmatch os:\n", " case A(x<i>): x<i>()\n", ""),
    ("alternatives of a case", "match x:\n case ", "1|", ":pass"),
    ("patterns in patterns", "match x:\n case ", "[", ""),
    ("annotations", "", "x:'int'=1\n", ""),
    # Findings.
    ("a finding at each call", "", "os.system(", ""),
    ("a finding at each string", "", "'secret '\n", ""),
    ("findings in one string", "'", "secret ", "'"),
    ("starts out of scope", "#", "os.system( ", ""),
    ("starts out of scope, in strings", "", "'os.system('\n", ""),
    ("evaluation of computed code", "", "eval(chr(111))\n", ""),
]

BYTES = [
    ("bytes that are no UTF-8", b"", b"\xff", b""),
    ("lines that are no UTF-8", b"", b"\xff\n", b""),
    ("a string that is no UTF-8", b"x='", b"\xff", b"'"),
    ("names that are no UTF-8", b"", b"a\xff ", b""),
    ("NUL", b"", b"\0\n", b""),
]

# A pattern, its scope, and the text that hurts it.
PATTERNS = [
    (r"(?<!x)\s*import", "code", ("", " ", "")),
    (r"(?<!x)\s*import", "anywhere", ("", "\n", "")),
    (r"(a+)+$", "code", ("", "a", "!")),
    (r"(a|aa)+$", "code", ("", "a", "!")),
    (r"(.*)(.*)(.*)x", "code", ("", "a", "")),
    (r"(?s)(.*)(.*)(.*)x", "strings", ("'''", "a\n", "'''")),
    (r"(a*)*b", "code", ("", "a", "")),
    (r"(\w+\s?)*:$", "code", ("", "ab ", "")),
    (r"(x+x+)+y", "comments", ("#", "x", "")),
    (r"(a+)\1b", "code", ("", "a", "")),
    (r"(\w+).*\1\(\)", "code", ("", "abc ", "")),
    (r"(?s)(\w)(\w)(\w).*\3\2\1=", "code", ("", "abc def ", "")),
    (r"\b\w+\.connect\s*\(", "code", ("", "a", "")),
    (r"\b\w+\.connect\s*\(", "code", ("", "aaaaaaa.connect ", "")),
    (r"\b\w+\.connect\s*\(", "code", ("", "a.connect(", "")),
    (r"(?:(?:a+?)+?)+?b", "code", ("", "a", "")),
    (r"(?<=(a|b))c\w*d", "code", ("", "ac", "")),
    (r"(?<=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)b", "code", ("", "a", "")),
    (r"(?s)(?=.*x)(?=.*y)z", "code", ("", "z", "")),
    (r"(?s)(?!.*x)z.*y", "code", ("", "z", "")),
    (r"(?s)a.*b.*c.*d", "code", ("", "abc", "")),
    (r"a[^z]*z", "code", ("", "a", "")),
    (r"(?s)a.{500}b", "code", ("", "a", "")),
    (r"(?i)(\w{1,50}){1,50}!", "code", ("", "aA", "")),
    (r"requests\.(get|post)\s*\(['\"].*internal\.company\.com", "code", ("", "requests.get('", "")),
    (r"\bopen\s*\([^)]*['\"][wa]['\"][^)]*\)", "code", ("", "open(", "")),
    (r"\bopen\s*\([^)]*['\"][wa]['\"][^)]*\)", "code", ("", "open('w'\n", "")),
    (r"\s+$", "code", ("", " ", "x")),
    (r"(?m)^\s*import\b", "code", ("", "\n", "")),
    (r"(?m)^(.*?,){11}P", "code", ("", "1,", "")),
    (r"('(?:[^'\\]|\\.)*')\s*\+", "anywhere", ("", "'", "")),
    (r"(?P<q>['\"]).*?(?P=q)\(", "anywhere", ("", "'\"", "")),
    (r"(a)?b(?(1)c|d)e", "code", ("", "ab", "")),
    (r"a++b", "code", ("", "a", "")),
    (r"eval\((?:.|\n)*?\)\)", "code", ("", "eval(", "")),
    (r"(?s)eval\(.*\)\)", "code", ("", "eval(", "")),
    (r"eval", "code", ("#", "eval ", "")),
    (r"\w", "code", ("", "e", "")),
    (r"(?i)\u00e9+x", "code", ("", "\u00e9", "")),
    (r"(\u00e9|\u00e8)+$", "code", ("", "\u00e9", "!")),
]


def make(row, n_bytes):
    """The row's text, as close to n_bytes as whole pieces bring it."""
    head, piece, tail = row[-3:]
    left = n_bytes - len(head) - len(tail)
    if isinstance(piece, bytes):
        return head + piece * max(1, left // len(piece)) + tail
    if "<i>" not in piece and "<j>" not in piece:
        return (head + piece * max(1, left // len(piece.encode())) + tail).encode()
    pieces = []
    while left > 0:
        number = len(pieces)
        pieces.append(piece.replace("<i>", str(number)).replace("<j>", str(number + 1)))
        left -= len(pieces[-1])
    return (head + "".join(pieces) + tail).encode()


def programs(n_files, n_bytes):
    """Programs of so many files: a name for each kind, and the files' texts by their names."""

    def files(text, main):
        made = {f"f{i}.py": text(i) for i in range(n_files)}
        made["main.py"] = main
        return made

    def many(piece):
        return make(("", piece, ""), n_bytes).decode()

    yield "each takes from the next", files(
        lambda i: f"from f{i + 1} import x\n" + many("y=1\n"), "from f0 import x\nx()\n"
    )
    yield "each imports all", files(
        lambda i: "".join(f"from f{k} import *\n" for k in range(n_files)) + f"import os\nx{i}=os.system\n",
        "from f0 import *\nx1()\n",
    )
    yield "one attribute, set everywhere", files(
        lambda i: OS + many(f"a.x=os.y{i}_<i>\na.x()\n"), "import f0\n" + many("z.x()\n")
    )
    yield "one name of main, set everywhere", files(
        lambda i: "import os,main\n" + many(f"main.x=os.y{i}_<i>\n"), "import f0\n" + many("x()\n")
    )
    yield "builtins, set everywhere", files(
        lambda i: "import os,builtins\n" + many(f"builtins.x<i>=os.y{i}\nx<i>()\n"), "import f0\n" + many("x1()\n")
    )
    yield "names of their own", files(lambda i: OS + many(f"n{i}_<i>=os.y<i>\n"), "import f0\n" + many("f0.n0_<i>()\n"))
    yield "long texts", files(
        lambda i: f"X{i}='ab'*32000\nfrom f{(i + 1) % n_files} import *\n", "from f0 import *\n" + many("exec(X<i>)\n")
    )
