# The host is out of reach.
def env: {};
def input: error("No more inputs");
def inputs: empty;
def input_filename: null;
def input_line_number: 0;
def get_search_list: [];
def debug: .;
def debug(message): .;
def stderr: .;
def halt_error: error;
def halt_error($code): error;
def localtime: gmtime;
def strflocaltime(format): strftime(format);

# Types
def toarray: if isarray then . else [.] end;
def isvalid(f): try (f | true) catch false;
def have_literal_numbers: true;
def have_decnum: false;

# Arrays
def transpose: [range([.[] | length] | max) as $i | [.[][$i]]];
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def index($i): indices($i) | if isarray then .[0] end;
def rindex($i): indices($i) | if isarray then .[-1] end;
def add(f): [f] | add;
def IN(source): any(source == .; .);
def IN(from; source): any(from == source; .);
def INDEX(rows; key): reduce rows as $row ({}; .[$row | key | tostring] |= $row);
def INDEX(key): INDEX(.[]; key);

# Paths
def del(f): delpaths([path(f)]);
def leaf_paths: paths(scalars);
def recurse_down: recurse;
def tostream:
  path(def all: (.[]? | all), .; all) as $path
  | getpath($path)
  | reduce path(.[]?) as $below ([$path, .]; [$path + $below]);
def fromstream(f):
  { x: null, e: false } as $init
  | foreach f as $event ($init;
      if .e then $init end
      | if $event | length == 2
        then setpath(["e"]; $event[0] | length == 0) | setpath(["x"] + $event[0]; $event[1])
        else setpath(["e"]; $event[0] | length == 1) end;
      if .e then .x else empty end);
def truncate_stream(stream):
  . as $depth | stream | . as $event | if (.[0] | length) > $depth then setpath([0]; $event[0][$depth:]) else empty end;

# Texts
def ascii: [.] | implode;
def trimstr($fix): ltrimstr($fix) | rtrimstr($fix);
def scan_(re; flags):
  matches(re; flags)[] | if length > 1 then [.[1:][].string] else .[0].string end;
def scan(re; flags): scan_(re; "g" + flags);
def scan(re): scan(re; "");
def @json: tojson;

# Dates, in UTC
def todateiso8601: floor | strftime("%Y-%m-%dT%H:%M:%SZ");
def todate: todateiso8601;
def date: todate;
def dateadd(unit; n): . + n;
def datesub(unit; n): . - n;
