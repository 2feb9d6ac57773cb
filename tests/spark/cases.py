"""Hard inputs for the engine macros."""

from __future__ import annotations

from tests.spark.engines import Case

ZONES = [
    "America/New_York", "Europe/London", "America/Sao_Paulo", "Asia/Beirut", "America/Havana", "Africa/Cairo",
    "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "America/Asuncion", "Atlantic/Azores", "UTC",
]  # fmt: skip
DAYS = [
    "2026-03-08", "2026-11-01", "2026-03-29", "2026-10-25", "2018-11-04", "2018-02-18", "2022-03-27", "2026-04-24",
    "2011-12-29", "2011-12-30", "2011-12-31", "2024-02-29", "1969-12-31", "1900-01-01", "2099-12-31", "2026-04-05",
    "2021-03-28", "2023-10-01", "2020-11-01", "2025-03-09",
]  # fmt: skip
LOCAL = [
    "2026-03-08T02:30:00", "2026-03-08T02:00:00", "2026-11-01T01:30:00", "2026-11-01T01:00:00", "2026-11-01T02:00:00",
    "2026-03-29T01:15:00", "2026-10-25T01:59:59.999999", "2018-11-04T00:00:00", "2018-02-17T23:30:00",
    "2026-04-05T01:45:00", "2026-10-04T02:10:00", "2011-12-30T12:00:00", "2026-07-01 09:00:00.5", "2026-07-01T09:00",
    "2026-07-01T09:00:00Z", "2026-07-01T09:00:00+02:00", "2026-07-01T09:00:00-0330", "2026-07-01", "not a time", "", None,
]  # fmt: skip
INSTANTS = [
    "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-03-08T06:59:59.999999Z", "2026-03-08T07:00:00Z",
    "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.5Z", "1960-02-29T12:00:00.000001Z", "1900-01-01T00:00:00Z",
    "2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.9999999Z", "2026-01-01T00:00:00.1+0530", "2026-01-01T00:00:00.10+05:30",
    "2026-01-01 00:00:00", "2026-01-01T00:00:00", "2026-01-01T00:00", "2026-01-01", "9999-12-31T00:00:00Z", "2026-12-31T23:59:60Z",
    "2026-02-30T00:00:00Z", "0000-00-00", "2026", "2026-01", "12:30", "T12:30:00Z", "now", "", " ", "x", None,
    "2026-1-5T1:02:03Z", "2026-01-01T00:00:00z", "2026-01-01T00:00:00 UTC", " 2026-01-01T00:00:00Z ",
    "2026-06-01T00:00:00.000+0000", "2026-06-01T00:00:00.000-0700", "2026-06-01T00:00:00+05",
]  # fmt: skip
TEXTS = [
    "", " ", "  a  ", "a", "A", "É", "é", "e\u0301", "\u0301", "İstanbul", "\u0131I", "ß", "STRASSE", "ΑΣ", "Σ", "ŉ", "ﬁ", "Ǆ", "ǆ", "😀 b",
    "Łódź", "Ångström", "\u212bngstrom", "Đặng", "Müller-Lüdenscheidt", "O'Brien", "o\u2019brien", "한글", "日本語", "\u00a0x\u00a0",
    "\u2003x\u2003", "\tx\t", "\nx\n", "x\n", "a_b.c-d e", "\U0001f468\u200d\U0001f469", "नमस्ते", "שָׁלוֹם", "Tiếng Việt", "ÇĞÖŞÜ", "ø", "Ð", "æ", None,
    "e\u0323\u0302", "\u1e9b\u0323", "Å\u0323", "\u0344", "\ufb1d", "\u0958", "\u0f77", "İ\u0307",
]  # fmt: skip
JSON = [
    '{"a":"x"}', '{"a":null}', "{}", '{"a":""}', '{"a":" "}', '{"a":"null"}', '{"a":true}', '{"a":false}', '{"a":1}', '{"a":-0}',
    '{"a":12345678901234567890}', '{"a":9223372036854775807}', '{"a":9223372036854775808}', '{"a":"1.10"}', '{"a":"1e400"}',
    '{"a":{"b":"c"}}', '{"a":{"b":null}}', '{"a":[1,2]}', '{"a":[]}', '{"a":{}}', '{"a":["x",null,"",{"b":"2"},[1,[2]]]}',
    '{"a":"quote \\" back \\\\ slash"}', '{"a":"line\\nbreak\\ttab"}', '{"a":"\\u00e9\\ud83d\\ude00"}', '{"a":"é😀"}', '{"a.b":"dotted"}',
    '{"a":{"b.c":{"d":"1"}}}', '{"a":{"b":[{"c":"1"},{"c":null},{}]}}', "null", "[]", '["x"]', '"a"', "1", None,
    '{"b":1,"a":"last"}', '{"a":"x","a":"y"}', '{"A":"case"}', '{"a":"true"}', '{"a":"TRUE"}', '{"a":"t"}', '{"a":"yes"}', '{"a":"1"}',
    '{"a":"0"}', '{"a":"12"}', '{"a":"-7"}', '{"a":"+7"}', '{"a":" 7 "}', '{"a":"7.0"}', '{"a":"2026-01-05"}',
    '{"a":"2026-01-05T23:00:00Z"}', '{"a":"0000-00-00"}', '{"a":"2026-13-01"}', '{"a":"2026-1-5"}', '{"a":"2026"}', '{"a":"2026-01"}',
    '{"a":"0.05"}', '{"a":"-.5"}', '{"a":"NaN"}', '{"a":"1e3"}', '{"a":"90.5"}', '{"a":"no"}', '{"a":"f"}',
]  # fmt: skip
TREES = [
    '{"actor":{"login":"x"}}', '{"rules":[{"type":"a"},{"type":null}]}', '{"e":[],"o":{},"n":null,"s":"","t":"text","i":7,"b":true}',
    '{"a.b":1,"a b":2,"a-b":3,"_c":4,"é":5,"1x":6,"q":"\\"","[]":7}', '{"big":12345678901234567890,"max":9223372036854775807}',
    '{"x":"{\\"y\\":1}"}', '{"deep":[[1,[2,{"z":[3]}]]]}', '{"u":"\\u00e9\\n😀"}', '[]', '{}', '["a",{"b":1}]', '"s"', "1", "null", None,
]  # fmt: skip
GLOBS = [
    ("refs/heads/main", "refs/heads/main"), ("refs/heads/release/1", "refs/heads/release/*"), ("refs/heads/a/b", "refs/heads/*"),
    ("refs/heads/a/b", "refs/heads/**"), ("refs/heads/a/b/c", "refs/heads/**/*"), ("a/b", "**/b"), ("b", "**/b"), ("a/b/c", "a/**/c"),
    ("a/c", "a/**/c"), ("v1", "v[0-9]"), ("vx", "v[!0-9]"), ("vx", "v[^0-9]"), ("v/", "v[!0-9]"), ("v1.2", "v1.2"), ("v1x2", "v1.2"),
    ("a+b", "a+b"), ("a(b)", "a(b)"), ("a{b}", "a{b}"), ("a|b", "a|b"), ("a$b", "a$b"), ("a\\b", "a\\b"), ("a^b", "a^b"), ("a", "["), ("a", "a]"),
    ("a?b", "a?b"), ("a/b", "a?b"), ("", ""), ("", "*"), ("a\n", "a"), ("a\nb", "a*b"), ("é", "?"), ("😀", "?"), ("a", None), (None, "a"),
    ("a", "[]"), ("a-b", "a[-]b"), ("ab", "[a-b]*"), ("a%_", "a%_"), ("-", "[a\\-z]"),
]  # fmt: skip
PATTERNS = [
    "ABC-1", "x ABC-1.", "abc-1", "ABC-1\n", "12+me@users.noreply.github.com", "me@users.noreply.x", "a:b:c", "s@i:k:e:f", "a/b/c", "Jo Ann Li",
    "Ann", "", " ", "é x", "a\nb c", "a\r", "a\rb c", "\u2028x y", "voluntary", "tab\tx", "x-7", "x-07", "-9", None,
]  # fmt: skip

CASES = [
    *[
        Case(f"json_{kind}", f"{{{{ json_{kind}('a', '{path}') }}}}", [(text,) for text in JSON], answer)
        for kind, path, answer in [
            ("text", "$.a", "plain"), ("text", "$.a.b", "plain"), ("text", "$.a[0]", "plain"), ("text", "$.a.b[0].c", "plain"),
            ("bigint", "$.a", "plain"), ("double", "$.a", "plain"), ("bool", "$.a", "plain"), ("date", "$.a", "plain"),
            ("timestamp", "$.a", "instant"),
        ]
    ],
    Case(
        "json_texts",
        "select n, texts.a_text, texts.deep, texts.missing, texts.a_text is not distinct from {{ json_text('texts.a', '$.a') }} as is_alike "
        "from {{ json_texts('inputs', 'a', {'a_text': '$.a', 'deep': '$.a.b[0].c', 'missing': '$.x'}) }} as texts order by n",
        [(t,) for t in JSON],
        "relation",
    ),
    Case("json_items", "select n, part.item, part.item_no from inputs {{ json_items('inputs.a', '$.a', 'part') }} order by n, part.item_no", [(t,) for t in JSON], "relation"),
    Case("text_to_bigint", "{{ text_to_bigint('a') }}", [(t,) for t in ("1", "1.5", "2.5", "-0", "9223372036854775808", "x", "", None)], "bigint"),
    Case("json_items of a list", "select n, part.item from inputs {{ json_items('inputs.a', '$', 'part') }} order by n, part.item_no", [('["x","y"]',), ("[]",), ('[{"a":[1,"2"]}]',), (None,), ("{}",)], "relation"),
    Case("text_items", "select n, part.item from inputs {{ text_items('inputs.a', ';', 'part') }} order by n, part.item", [(t,) for t in ("a;b", " a ; b ", ";", "", "a;;b", None, "\u00a0a\u00a0;b", "é;😀", "a|b", "a;a")], "relation"),
    Case("text_items by blank", "select n, part.item from inputs {{ text_items('inputs.a', ' ', 'part') }} order by n, part.item", [("a b  c",), ("",), (" ",)], "relation"),
    Case("json_leaves", "select n, field, value from {{ json_leaves('inputs', 'n', 'a') }} as leaf order by n, field, value", [(t,) for t in TREES], "relation"),
    Case("sha256_hex", "{{ sha256_hex('a') }}", [(t,) for t in TEXTS]),
    Case("sorted_list", "select b as n, {{ sorted_list('a', '; ') }} as answer from inputs group by b order by b", [(t, str(i % 3)) for i, t in enumerate(TEXTS)] + [(None, "9"), (None, "9"), ("", "8"), ("b", "7"), ("B", "7"), ("b", "7")], "relation"),
    Case("sorted_list of numbers", "select b as n, {{ sorted_list('cast(a as bigint)') }} as answer from inputs group by b order by b", [("10", "x"), ("9", "x"), ("9", "x"), (None, "x")], "relation"),
    *[
        Case(f"text_match {pattern}", f"{{{{ text_match('a', '{pattern}') }}}}", [(t,) for t in PATTERNS])
        for pattern in [
            "-([0-9]+)$", "(?:^|[^A-Z0-9])([A-Z][A-Z0-9]+-[0-9]+)(?:[^A-Z0-9]|$)", "^([0-9]+)[+][^@]+@users[.]noreply[.]", "^([^@+]+)",
            "^([^:@]+)[:@]", "^[^:]+:([^:]+):", "([^ ]+)$", "^(.*) [^ ]+$", "/(.+)$",
        ]
    ],
    Case("matches", "{{ matches('a', 'voluntary|resign|x$') }}", [(t,) for t in PATTERNS]),
    Case("matches a key", "{{ matches('a', '^[A-Za-z0-9][A-Za-z0-9._:/-]*$') }}", [(t,) for t in PATTERNS]),
    Case("matches_glob", "{{ matches_glob('a', 'b') }}", GLOBS),
    Case("starts_with", "{{ starts_with('a', 'b') }}", [("abc", "ab"), ("abc", ""), ("", "a"), ("a%", "a%"), ("éa", "é"), (None, "a"), ("a", None)]),
    Case("trimmed", "{{ trimmed('a') }}", [(t,) for t in TEXTS]),
    Case("lower", "{{ lower_case('a') }}", [(t,) for t in TEXTS]),
    Case("upper", "{{ upper_case('a') }}", [(t,) for t in TEXTS]),
    Case("strip_accents", "{{ strip_accents('a') }}", [(t,) for t in TEXTS]),
    Case("name_key", "{{ name_key('a') }}", [(t,) for t in TEXTS]),
    Case("number_to_text", "{{ number_to_text('cast(a as double)') }}", [(t,) for t in ("90", "0.05", "-1.5", "0", "1000000", "0.1", "12.25", None)]),
    Case("concat", "concat_ws('', a, b, '/', c)", [("a", None, "c"), (None, None, None), ("", "é", "😀")]),
    Case("concat of numbers", "concat_ws('', a, cast(b as bigint), cast(c as date))", [("a", "7", "2026-01-05"), (None, None, None)]),
    Case("greatest and least", "concat_ws('|', greatest(a, b, c), least(a, b, c))", [("a", None, "B"), (None, None, None), ("é", "z", "😀")]),
    Case("like", "a like concat_ws('', '%', b, '/%')", [("x/ruleset/7/", "ruleset/7"), ("a/b", "_"), ("é/x", "é"), (None, "a"), ("a/", None)]),
    Case("max_by", "select b as n, {{ max_by('a', 'cast(c as bigint)') }} as most, {{ min_by('a', 'cast(c as bigint)') }} as least from inputs group by b order by b", [("x", "1", "1"), (None, "1", "2"), ("z", "1", None), (None, "2", "1"), ("y", "3", "5"), ("q", "3", "4")], "relation"),
    Case("max_by in a window", "select n, {{ max_by('a', 'n') }} over (order by n rows between unbounded preceding and current row) as answer from inputs order by n", [("x",), (None,), ("y",)], "relation"),
    Case("first_known", "select n, {{ first_known('a') }} over (order by n rows between current row and unbounded following) as answer from inputs order by n", [(None,), ("x",), (None,)], "relation"),
    Case("text_to_instant", "{{ text_to_instant('a') }}", [(t,) for t in INSTANTS], "instant"),
    Case("text_to_date", "{{ text_to_date('left(a, 10)') }}", [(t,) for t in INSTANTS]),
    Case("instant_to_text", "{{ instant_to_text(text_to_instant('a')) }}", [(t,) for t in INSTANTS]),
    Case("instant_as_text", "{{ instant_as_text(text_to_instant('a')) }}", [(t,) for t in INSTANTS]),
    Case("date_to_text", "{{ date_to_text('cast(a as date)') }}", [(t,) for t in [*DAYS, None]]),
    Case("zoned_text_to_instant", "{{ zoned_text_to_instant('a', 'b', true) }}", [(t, z) for t in LOCAL for z in ZONES], "instant"),
    Case("start_of_day", "{{ start_of_day('cast(a as date)', 'b') }}", [(t, z) for t in [*DAYS, None] for z in ZONES], "instant"),
    Case("end_of_day", "{{ end_of_day('cast(a as date)', 'b') }}", [(t, z) for t in DAYS for z in ZONES], "instant"),
    Case("local_date", "{{ local_date(text_to_instant('a'), 'b') }}", [(t, z) for t in INSTANTS for z in ZONES]),
    Case("add_days", "{{ add_days('cast(a as date)', 'cast(b as bigint)') }}", [(t, n) for t in [*DAYS, None] for n in ("0", "1", "-1", "365", None)]),
    Case("add_seconds", "{{ add_seconds(text_to_instant('a'), 'cast(b as double)') }}", [(t, n) for t in INSTANTS[:8] for n in ("0", "1", "-1", "0.5", "86400", "0.000001", "1e9", None)], "instant"),
    Case("seconds_between", "{{ seconds_between(text_to_instant('a'), text_to_instant('b')) }}", [(t, u) for t in INSTANTS[:9] for u in INSTANTS[:9]]),
    Case("days_between", "{{ days_between('cast(a as date)', 'cast(b as date)') }}", [(t, u) for t in DAYS for u in DAYS[:5]]),
    Case("day_of_week", "{{ day_of_week('cast(a as date)') }}", [(t,) for t in [*DAYS, None]]),
    Case("days", "select 1 as n, cast(day_on as string) as answer from {{ days(\"date '2024-02-27'\", \"date '2024-03-02'\") }} as days order by day_on", [("x",)], "relation"),
    Case("decimals", "cast(cast(a as double) / 3 as string)", [("1",), ("0",), (None,)]),
]  # fmt: skip
