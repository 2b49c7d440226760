/// Makes values that lie near injections: known ones changed, fragments strung together, plain noise. The same seed
/// makes the same values.
struct InjectionMutator {
  private var random: SeededBytes
  private let seeds: [[UInt8]]
  private let fragments: [[UInt8]]
  /// Sequences of token kinds, a letter each, to make statements of.
  private let patterns: [[UInt8]]

  init(seed: UInt64, seeds: [[UInt8]], fragments: [[UInt8]], patterns: [[UInt8]] = []) {
    random = SeededBytes(state: seed)
    self.seeds = seeds
    self.fragments = fragments
    self.patterns = patterns
  }

  /// The next value, up to a few hundred bytes.
  mutating func next() -> [UInt8] {
    switch random.below(16) {
    case 0: return noise()
    case 1...4: return soup()
    case 5...8 where !patterns.isEmpty: return statement()
    default:
      var value = seeds[random.below(seeds.count)]
      if value.count > 400 {
        let start = random.below(value.count - 200)
        value = Array(value[start..<(start + 200)])
      }
      for _ in 0..<random.below(5) { change(&value) }
      return value
    }
  }

  private mutating func noise() -> [UInt8] {
    let alphabet = Self.special
    return (0..<(1 + random.below(24))).map { _ in
      random.below(3) == 0 ? random.byte() : alphabet[random.below(alphabet.count)]
    }
  }

  /// Fragments, with or without blanks between them.
  private mutating func soup() -> [UInt8] {
    var value: [UInt8] = []
    let gap = random.below(3)
    for _ in 0..<(1 + random.below(12)) {
      value += fragment()
      if gap == 0 || (gap == 1 && random.below(2) == 0) { value.append(Self.blanks[random.below(Self.blanks.count)]) }
    }
    return value
  }

  /// Tokens of the kinds of a pattern, at times with something more between them or at the ends.
  private mutating func statement() -> [UInt8] {
    var value: [UInt8] = []
    for letter in patterns[random.below(patterns.count)] {
      if random.below(12) == 0 { value += fragment() }
      let choices = InjectionSamples.tokens(of: letter)
      value += choices[random.below(choices.count)].utf8
      if random.below(4) != 0 {
        value.append(random.below(8) == 0 ? Self.blanks[random.below(Self.blanks.count)] : 0x20)
      }
    }
    if random.below(4) == 0 { change(&value) }
    return value
  }

  private mutating func fragment() -> [UInt8] {
    switch random.below(8) {
    case 0: return [Self.special[random.below(Self.special.count)]]
    case 1: return Array(String(random.below(1000)).utf8)
    case 2:
      let fragment = fragments[random.below(fragments.count)]
      let mask = random.next()
      return fragment.enumerated().map { index, byte in
        (byte | 0x20) &- 0x61 < 26 && (mask >> UInt64(index & 63)) & 1 != 0 ? byte ^ 0x20 : byte
      }
    default: return fragments[random.below(fragments.count)]
    }
  }

  private mutating func change(_ value: inout [UInt8]) {
    let place = random.below(value.count + 1)
    switch random.below(8) {
    case 0: value.insert(contentsOf: fragment(), at: place)
    case 1: value.insert(Self.special[random.below(Self.special.count)], at: place)
    case 2: if place < value.count { value[place] = Self.special[random.below(Self.special.count)] }
    case 3: if place < value.count { value[place] = random.byte() }
    case 4: value.removeSubrange(place..<min(value.count, place + 1 + random.below(4)))
    case 5: value.removeSubrange(place...)
    case 6:
      let copied = Array(value[place..<min(value.count, place + random.below(12))])
      value.insert(contentsOf: copied, at: random.below(value.count + 1))
    default:
      let other = seeds[random.below(seeds.count)]
      let start = random.below(other.count + 1)
      value.removeSubrange(place...)
      value += other[start..<min(other.count, start + 80)]
    }
  }

  static let blanks: [UInt8] = Array(" \t\n\r\u{0B}\u{0C}".utf8) + [0x20, 0x20, 0x20, 0xA0, 0, 0x7F, 1]
  static let special: [UInt8] =
    Array("'\"`<>=/*-#;,.()[]{}!&|+%^~@$:?\\_ \n\t01ebxnquEfdUu".utf8) + [0, 0xA0, 0xFF, 0x80, 0x7F, 0x0B]
}

/// Pseudo-random numbers (SplitMix64).
struct SeededBytes {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() % UInt64(max(bound, 1))) }
  mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next() >> 56) }
}

/// Values and parts of values to begin with.
enum InjectionSamples {
  static let sqlValues = [
    "1' or '1'='1", "1 union select null,null-- ", "admin'--", "1; drop table users",
    "x' and 1=(select count(*) from a)#",
    "1 /*!50000union*/ select @@version", "-1' UNION ALL SELECT 1,2,3 INTO OUTFILE '/tmp/x'-- -", "1 and sleep(5)",
    "$$a$$ || $tag$ b $tag$", "1e union select 1", "1.e+1 or 1", "0x31 or 0b01=1", "select`a`from.b", "{``.id} union",
    "1' /* sp_password */ --", "foo' + 'bar", "\\%1 union select \\N", "n'a' or nq'[x]'=q'!x!'",
    "@a:=(select 1) or @@b",
    "1 in (1) and user(1) or user()", "a collate utf8_general_ci or 1=1", "1,-1,-sin(1) union",
    "it's 5 o'clock -- really",
    "[a].[b]=1 or [c", "x\" or \"\"=\"", "1::int or 1::text", "not not 1 or !!~-+1",
    "; if exists(select 1) waitfor delay '0'",
    "1 or 1 between 1 and 2 group by x having 1=1", "the union of select committees, in order by name",
  ].map { Array($0.utf8) }

  static let sqlPatterns = [
    "1c", "1u", "nc", "sc", "vu", "sos", "s&s", "s&n", "n&1", "1&1", "1&v", "1&s", "1&1c", "1;t", "nk1", "sks", "1kn",
    "1k(1)",
    "sue1,", "nue1k", "1)ue1", "s)uek", "1&f(1", "s&(1)", "n)&(1", "so1kf", "1;efn", "1;tvn", "kf(1)", "ek1kn", "s;k&k",
    "1b1,1",
    "saas", "a(n)n", "t(1)o", "{nnn}", "\\o1&1", "1,o1,1", "e.nkn", "n.n.n", "1o(1)", "no(n)", "n)o(n", "1),(1",
    "vo1ov",
  ].map { Array($0.utf8) }

  /// What a token of a kind may look like; the letter of the kind in either case.
  static func tokens(of letter: UInt8) -> [String] {
    switch letter | 0x20 {
    case UInt8(ascii: "k"):
      ["from", "where", "into", "join", "in", "values", "top", "into outfile", "procedure analyse"]
    case UInt8(ascii: "u"): ["union", "union all", "union/**/distinct", "except", "intersect"]
    case UInt8(ascii: "b"): ["group by", "order by", "having", "limit", "partition by"]
    case UInt8(ascii: "e"): ["select", "insert into", "update", "delete", "create", "select all", "execute"]
    case UInt8(ascii: "t"): ["int", "varchar", "binary", "waitfor delay", "declare", "drop", "begin", "exec", "_utf8"]
    case UInt8(ascii: "f"): ["sleep", "char", "count", "if", "left", "user", "`abs`", "database"]
    case UInt8(ascii: "n"): ["foo", "a.b", "[x]", "`y`", "table", "is distinct", "1e", "user", "``", "`", "$"]
    case UInt8(ascii: "1"): ["1", "0x1f", "1.5e3", "x'0f'", "\\N", "$1,000", "true", "1f"]
    case UInt8(ascii: "v"): ["@a", "@@b", "null", "@`c`", "current_user", "current date", "@"]
    case UInt8(ascii: "s"): ["'a'", "\"b\"", "'it''s'", "q'(a)'", "$$c$$", "'", "a'", "\"", "n'x'"]
    case UInt8(ascii: "o"): ["=", "+", "-", "like", "is", "not", "::", "<=>", "||/", "*", "!=", "between"]
    case UInt8(ascii: "&"): ["and", "or", "&&", "||", "xor"]
    case UInt8(ascii: "c"): ["-- ", "--", "/*a*/", "#", "--x", "/*", "# sp_password", "/*!a*/", "--\n"]
    case UInt8(ascii: "a"): ["collate", "collate a_b", "collate ab"]
    default: [String(decoding: [letter], as: UTF8.self)]
    }
  }

  static let sqlFragments =
    ([
      "select", "union", "all", "distinct", "from", "where", "and", "or", "not", "in", "like", "is", "null", "user",
      "user_id", "database", "password", "current_user", "current", "date", "if", "exists", "waitfor", "delay", "into",
      "outfile", "dumpfile", "group", "by", "order", "having", "limit", "procedure", "analyse", "insert", "drop",
      "table",
      "create", "or replace", "execute", "as", "login", "collate", "latin1_bin", "binary", "int", "varchar", "_utf8",
      "cast",
      "sleep", "benchmark", "count", "concat", "char", "ifnull", "left", "join", "natural", "outer", "between", "rlike",
      "sounds", "similar", "to", "boolean", "mode", "lock", "share", "declare", "begin", "try", "goto", "print", "foo",
      "bar",
      "true", "div", "mod", "xor", "case", "when", "then", "else", "end", "sp_password", "--", "-- ", "/*", "*/", "/*!",
      "#",
      "<=>", "<>", "!=", ":=", "::", "||", "&&", "!!", "|/", "~*", "@>", "\\N", "\\", "''", "'", "\"", "`", "``",
      "b'01'",
      "x'f0'", "e'a'", "n'a'", "nq'[a]'", "q'(a)'", "u&'a'", "$$", "$a$", "$tag$", "$1,000.00", "0x1f", "0b10", "1.5e3",
      "1e",
      "1.e", "1f", "1d;", ".5", ".", "@@version", "@`a`", "@'user'", "@user", "(", ")", ",", ";", "{", "}", "[a]", "[",
      "]",
      "((", "))", "1", "2", "=", "+", "-", "*", "/", "%", "^", "~", "?", ":", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "union.x", "select`x`", "a.b", "user(", "user()", "in(", "like(", "{a", "{``", "$.", "$", "is not distinct",
    ] as [String]).map { Array($0.utf8) }

  static let htmlValues = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' style='x",
    "<a href=\"java&#115;cript:alert(1)\">x</a>",
    "<svg/onload=alert(1)>", "<!-- ` -->", "<!--[if gte IE 4]>", "<!doctype x>", "<?xml version=1?>", "<% x %>",
    "</a onclick=1>",
    "<x xmlns=y>", "<set attributename=href to=data:x>", "a < b and c = d", "name=value&other=1",
    "<![CDATA[ <b> ]]> <base>",
    "<a href=&#x6A;&#97;va:1>", "<a href=\" \u{1} view-source:x\">", "<!-\0- x --\0>", "` style=x", "<b>bold</b> x=1",
    "<i\0frame>", "<a hr\0ef=javascript:x>", "/ onx=1", "<!ENTITY x>", "<!IMPORT x>", "<a/b=c/on=d", "<xslt x>",
    "x onfocus = 1",
  ].map { Array($0.utf8) }

  static let htmlFragments =
    ([
      "<", ">", "</", "/>", "<!", "<!--", "-->", "--!>", "-!>", "--", "<?", "?>", "<%", "%>", "<![CDATA[", "]]>",
      "<!DOCTYPE",
      "script", "iframe", "frame", "style", "svg", "xsl", "xml", "xss", "base", "link", "meta", "embed", "object", "a",
      "b", "img",
      "handler", "import", "entity", "[if", "href", "src", "action", "to", "by", "from", "values", "xlink:href",
      "xlink", "xmlns",
      "attributename", "datasrc", "dataformatas", "background", "folder", "poster", "formaction", "onload", "onx", "on",
      "onerror",
      "filter", "=", "=\"", "='", "=`", "\"", "'", "`", " ", "/", "//", "javascript:", "java", "data:", "data",
      "vbscript:",
      "view-source:", "&#106;", "&#x6a;", "&#x6A", "&#", "&#x", "&", "&#0;", "&#10;", "&#1048831;", "&#1048832;",
      "&#x14a;avascript",
      "&#32;", "x", "text", "1", "\0", "\u{0B}", "\n", "title=x", "class=\"y\"",
    ] as [String]).map { Array($0.utf8) } + [[0xFF], [0x80], [0xA0]]
}
