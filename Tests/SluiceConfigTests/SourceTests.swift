import Foundation
import SluiceModel
import Testing

import SluiceConfig

@Suite struct ExpansionTests {
  private func expand(_ text: String, _ environment: [String: String] = [:]) throws(ScalarProblem) -> String {
    try Expansion.expand(text) { environment[$0] }
  }

  @Test func variablesArePutIn() throws {
    let environment = ["NAME": "x", "EMPTY": "", "_a1": "y", "NESTED": "${NAME}"]
    #expect(try expand("a${NAME}b${_a1}", environment) == "axby")
    #expect(try expand("${UNSET:-a:-b}", environment) == "a:-b")
    #expect(try expand("${EMPTY:-d}|${EMPTY}|${UNSET:-}", environment) == "d||")
    #expect(try expand("$${NAME} $NAME $ $$ ${NAME}$", environment) == "${NAME} $NAME $ $$ x$")
    #expect(try expand("${NESTED}", environment) == "${NAME}")
  }

  @Test func escapingIsTheInverse() throws {
    for text in ["", "$", "${A}", "$${A}", "a$${", "$$$", "${${"] {
      #expect(try expand(Expansion.escape(text)) == text)
    }
  }

  @Test(arguments: [
    ("${UNSET}", "environment variable `UNSET` is not set"), ("${", "`${` without `}`"),
    ("${}", "`` is no name of an environment variable"), ("${1A}", "`1A` is no name of an environment variable"),
    ("${A:x}", "`${A:x}` is not understood"), ("${A B}", "`A B` is no name of an environment variable"),
  ])
  func mistakes(_ text: String, _ message: String) {
    let problem = #expect(throws: ScalarProblem.self) { try expand(text) }
    #expect(problem?.message == message)
  }

  @Test func unsetVariableIsNamedWithItsPlace() {
    #expect(
      errors("logs:\n  access: { path: \"${LOGS}/a\" }\n") == [
        "sluice.yaml:2:19: environment variable `LOGS` is not set\n  hint: set it, or write `${LOGS:-default}`"
      ])
  }

  @Test func variablesStandForNumbersAndWords() throws {
    let text = "runtime: { loops: \"${LOOPS}\", drainTimeout: \"${DRAIN:-5s}\" }\nlogs: { level: \"${LEVEL}\" }"
    let loaded = try load(text, environment: ["LOOPS": "3", "LEVEL": "debug"])
    #expect(loaded.configuration.runtime.loops == 3)
    #expect(loaded.configuration.runtime.drainTimeout == .seconds(5))
    #expect(loaded.configuration.logs.level == .debug)
  }

  @Test func expansionIsBounded() {
    let big = String(repeating: "x", count: 600_000)
    let text = route("respond: { body: \"${BIG}${BIG}\" }")
    #expect(
      errors(text, environment: ["BIG": big]).first?.contains("longer than 1MiB with its variables put in") == true)
  }

  @Test func unquotedVariableInFlowHasAHint() {
    #expect(errors("runtime: { loops: ${N} }\n").first?.contains("hint: put quotes around `${…}` inside") == true)
  }
}

@Suite struct FileTests {
  @Test func headerValuesAndBodiesComeFromFiles() throws {
    let text = route(
      """
      filters: [{ headers: { set: { X-Key: "file:secrets/key", Authorization: Bearer abc, X-N: 1 } } }],
          respond: { body: "file:page.txt" }
      """)
    let files = ["secrets/key": "hunter2\n", "page.txt": "line one\r\nline two\r\n"]
    let loaded = try load(text, files: files)
    guard case .headers(let filter)? = loaded.configuration.routes[0].filters.first,
      case .respond(let reply) = loaded.configuration.routes[0].action
    else {
      Issue.record("another route")
      return
    }
    #expect(filter.set.map(\.value) == ["hunter2", "Bearer abc", "1"])
    #expect(filter.set.map(\.isSecret) == [true, true, false])
    #expect(reply.body == "line one\r\nline two")
    #expect(loaded.files == ["sluice.yaml", "secrets/key", "page.txt"])
    let rendered = ConfigurationRendering.json(loaded.configuration)
    #expect(!rendered.contains("hunter2") && !rendered.contains("abc"))
    #expect(rendered.contains("\"X-Key\":\"<redacted>\""))
    let other = try load(text, files: ["secrets/key": "other\n", "page.txt": "line one\r\nline two\r\n"])
    #expect(other.hash != loaded.hash)
    let changes = ConfigurationDiff.between(loaded.configuration, other.configuration)
    #expect(
      ConfigurationDiff.text(changes)
        == "~ routes r\n    filters[0].headers.set.X-Key: \"<redacted>\" → \"<redacted>\"")
  }

  @Test func fileMistakes() {
    let text = route("respond: { body: \"file:none.txt\" }")
    #expect(errors(text) == ["sluice.yaml:4:33: can't read `none.txt`: no such file"])
    let header = route("pool: p, filters: [{ headers: { set: { X-A: \"file:a\" } } }]")
    #expect(errors(header, files: ["a": "x\ny\n"]).first?.contains("the file's text is no header value") == true)
    #expect(errors(route("respond: { body: \"file:\" }")).first?.contains("`file:` names no file") == true)
  }

  @Test func secretsAreReadAndNeverShown() throws {
    struct Holder: Sendable { var key = Secret("") }
    let schema = ObjectSchema(
      "holder", "Holds a secret.", make: { Holder() }, fields: [Field("key", \.key, .secret, required: true, "A key.")])
    let source = ConfigurationSource.memory(files: ["k": Array("s3cret\n".utf8)], environment: ["K": "s4cret"])
    for (text, value) in [("key: file:k", "s3cret"), ("key: ${K}", "s4cret"), ("key: plain", "plain")] {
      let context = DecodingContext(source: source)
      let tree = try #require(try YAMLDocument.read(Array(text.utf8), file: 0).root)
      var holder = Holder()
      #expect(schema.decode(tree, into: &holder, context) && !context.issues.hasErrors)
      #expect(holder.key.reveal() == value)
      #expect(schema.encode(holder).text() == #"{"key":"<redacted>"}"#)
      #expect(schema.encode(holder).text(revealingSecrets: true) == "{\"key\":\"\(value)\"}")
    }
  }

  @Test func systemSourceReadsFilesAndFolders() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-config-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("conf.d"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("include: [conf.d/*.yaml]\n".utf8).write(to: folder.appendingPathComponent("sluice.yaml"))
    try Data("zones: [{ name: b }]\n".utf8).write(to: folder.appendingPathComponent("conf.d/2.yaml"))
    try Data("zones: [{ name: a }]\n".utf8).write(to: folder.appendingPathComponent("conf.d/1.yaml"))
    let loaded = try ConfigurationLoader.load(path: folder.path + "/sluice.yaml")
    #expect(loaded.configuration.zones.map(\.name) == ["a", "b"])
    let missing = #expect(throws: ConfigurationErrors.self) {
      try ConfigurationLoader.load(path: folder.path + "/none.yaml")
    }
    #expect(missing?.description == "\(folder.path)/none.yaml: can't read `\(folder.path)/none.yaml`: no such file")
    let directory = #expect(throws: ConfigurationErrors.self) { try ConfigurationLoader.load(path: folder.path) }
    #expect(directory?.description.hasSuffix("it is a folder") == true)
  }
}

@Suite struct IncludeTests {
  @Test func filesAreJoinedRelativeToEachOther() throws {
    let files = [
      "etc/main.yaml": "include: [sites/*.yaml, ./more.yaml]\nzones: [{ name: main }]\n",
      "etc/sites/b.yaml": "zones: [{ name: b }]\n",
      "etc/sites/a.yaml": "zones: [{ name: a }]\nruntime: { loops: 2 }\n",
      "etc/sites/.hidden.yaml": "zones: [{ name: hidden }]\n",
      "etc/sites/a.yml": "zones: [{ name: other }]\n",
      "etc/more.yaml": "include: [deep/x.yaml]\n",
      "etc/deep/x.yaml": "zones: [{ name: x }]\n",
    ]
    let source = ConfigurationSource.memory(files: files.mapValues { Array($0.utf8) })
    let loaded = try ConfigurationLoader.load(path: "etc/main.yaml", source: source)
    #expect(loaded.configuration.zones.map(\.name) == ["main", "a", "b", "x"])
    #expect(loaded.configuration.runtime.loops == 2)
    #expect(
      loaded.files == [
        "etc/main.yaml", "etc/sites/a.yaml", "etc/sites/b.yaml", "etc/more.yaml", "etc/deep/x.yaml",
      ])
  }

  @Test func errorsNameTheirFile() {
    let files = ["a.yaml": "zones:\n  - { name: z }\n  - { nam: y }\n"]
    #expect(
      errors("include: [a.yaml]\nzones: [{ name: z }]\n", files: files).map { $0.split(separator: "\n")[0] } == [
        "a.yaml:3:5: a zone needs `name`", "a.yaml:3:7: unknown key `nam`",
      ])
    #expect(
      errors("include: [a.yaml]\nzones: [{ name: z }]\n", files: ["a.yaml": "zones: [{ name: z }]"]) == [
        "a.yaml:1:17: name `z` is taken by another of the zones\n  hint: it is first used at sluice.yaml:2"
      ])
  }

  @Test func mistakes() {
    #expect(errors("include: [none.yaml]") == ["sluice.yaml:1:11: can't read `none.yaml`: no such file"])
    #expect(errors("include: none.yaml").first?.contains("expected a list, found a single value") == true)
    #expect(errors("include: ['*/a.yaml']").first?.contains("has a `*` in a folder's name") == true)
    #expect(
      errors("include: [a.yaml]", files: ["a.yaml": "include: [./b.yaml]", "b.yaml": "include: [x/../a.yaml]"]) == [
        "b.yaml:1:11: `a.yaml` is included twice\n  hint: include each file once"
      ])
    #expect(errors("include: [sluice.yaml]").first?.contains("is included twice") == true)
    #expect(
      errors("include: [a.yaml]\nadmin: {}", files: ["a.yaml": "\nadmin: {}"]) == [
        "a.yaml:2:1: `admin` is given in two files\n  hint: it is first given at sluice.yaml:2:1"
      ])
    #expect(errors("include: ['*.none']") == [])
  }

  @Test func depthAndCountAreBounded() {
    var files: [String: String] = [:]
    for index in 1...40 { files["\(index).yaml"] = "include: [\(index + 1).yaml]" }
    #expect(errors("include: [1.yaml]", files: files).first?.contains("include each other more than 16 deep") == true)
    files = [:]
    for index in 1...300 { files["c/\(index).yaml"] = "" }
    #expect(errors("include: ['c/*.yaml']", files: files).first?.contains("more than 256 files") == true)
  }

  @Test(arguments: [
    ("*", "a", true), ("*", ".a", false), (".*", ".a", true), ("*.yaml", "a.yaml", true), ("*.yaml", "a.yam", false),
    ("a?c", "abc", true), ("a?c", "ac", false), ("*a*b*", "xxaxxbxx", true), ("*a*b", "aaab", true), ("", "", true),
    ("a*", "b", false),
  ])
  func globs(_ pattern: String, _ name: String, _ matches: Bool) {
    #expect(Glob.matches(pattern[...], name[...]) == matches)
  }

  @Test func globsTakeNoExponentialTime() {
    let pattern = String(repeating: "*a", count: 100) + "b"
    #expect(!Glob.matches(pattern[...], String(repeating: "a", count: 2_000)[...]))
  }
}
