import Foundation
import SluiceModel
import Testing

import SluiceConfig

@Suite struct YAMLTests {
  @Test func duplicateKeysNameTheSecond() {
    #expect(
      errors("zones:\n  - name: a\n    purdue: 1\n    name: b\nzones: []\n") == [
        "sluice.yaml:4:5: duplicate key `name`\n  hint: it is first set in line 2",
        "sluice.yaml:5:1: duplicate key `zones`\n  hint: it is first set in line 1",
      ])
  }

  @Test func syntaxErrorsHaveAPlace() {
    #expect(
      errors("listeners: [\n  a: }\n").first?.hasPrefix("sluice.yaml:2:6: invalid YAML: ") == true)
    #expect(errors("a: b: c\n").first?.hasPrefix("sluice.yaml:1:5: invalid YAML: ") == true)
    #expect(errors("zones:\n\t- name: a\n").first?.hasSuffix("hint: indent with spaces, not tabs") == true)
    #expect(errors("zones: \"abc").first?.hasPrefix("sluice.yaml:1:") == true)
    #expect(errors("zones: \u{1}").first?.contains("invalid YAML") == true)
  }

  @Test func aliasesStandForTheirValue() throws {
    let text = """
      pools:
        - { name: a, endpoints: &all [127.0.0.1:1, 127.0.0.1:2], connectTimeout: &t 3s }
        - { name: b, endpoints: *all, connectTimeout: *t }
      """
    let pools = try load(text).configuration.pools
    #expect(pools[0].endpoints == pools[1].endpoints)
    #expect(pools[1].connectTimeout == .seconds(3))
  }

  @Test func aliasMistakes() {
    #expect(
      errors("zones: *z") == [
        "sluice.yaml:1:8: alias `*z` has no anchor before it\n"
          + "  hint: an anchor `&z` must be complete before it is used"
      ])
    #expect(errors("zones: &a [*a]").first?.contains("alias `*a` has no anchor before it") == true)
    #expect(
      errors("a: &a { x: 1 }\nb:\n  <<: *a\n") == [
        "sluice.yaml:3:3: merge keys (`<<`) are not supported\n  hint: repeat the keys, or alias the whole value"
      ])
  }

  @Test func otherYAMLIsRefused() {
    #expect(errors("? [a]\n: b\n").first?.contains("a key must be a plain name") == true)
    #expect(errors("a: &x b\n*x : c\n").first?.contains("a key must be a plain name") == true)
    #expect(errors("zones: !!binary aaaa").first?.contains("tag `tag:yaml.org,2002:binary` is not supported") == true)
    #expect(
      errors("zones: []\n---\nzones: []\n") == [
        "sluice.yaml:2:1: a second document in one file\n  hint: use `include` for more files"
      ])
    #expect(errors("%YAML 1.1\n---\nzones: []\n...\n") == [])
    #expect(errors("\u{feff}zones: []\n") == [])
  }

  @Test func otherEncodingsAreRefused() {
    func check(_ bytes: [UInt8]) -> String {
      do throws(ConfigurationErrors) {
        _ = try ConfigurationLoader.load(bytes: bytes, fileName: "x.yaml")
        return ""
      } catch { return error.description }
    }
    #expect(
      check(Array("a: 1\nbé".utf8) + [0xff, 0x0a])
        == "x.yaml:2:3: not UTF-8\n  hint: save the file in the UTF-8 encoding")
    #expect(check([0xff, 0xfe, 0x61, 0x00]).contains("x.yaml:1:1: not UTF-8"))
    #expect(check([0xc0, 0x80]).contains("not UTF-8"))
    #expect(check([0xed, 0xa0, 0x80]).contains("not UTF-8"))
    #expect(check([0x00]).contains("invalid YAML"))
  }

  @Test func aliasBombsEndEarly() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...20 {
      text += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ") + "]\n"
    }
    let found = errors(text)
    #expect(found.count == 1)
    #expect(found.first?.contains("more than 100000 values with aliases expanded") == true)
    var doubled = "a0: &a0 [x]\n"
    for level in 1...80 { doubled += "a\(level): &a\(level) [*a\(level - 1)]\n" }
    #expect(errors(doubled).first?.contains("nested more than 64 levels deep") == true)
  }

  @Test(arguments: ["[", "{a: ", "- ", "&a [", "[[{b: "])
  func deepNestingIsRefused(_ open: String) {
    let found = errors(String(repeating: open, count: 200_000))
    #expect(found.count == 1)
    #expect(found.first?.contains("nested more than 64 levels deep") == true, "\(found.first ?? "")")
    #expect(errors("runtime:\n  " + String(repeating: open, count: 64)).first?.contains("nested more than 64") == true)
  }

  @Test func sizeIsBounded() {
    let text = String(repeating: "# comment\n", count: 420_000)
    #expect(errors(text) == ["sluice.yaml: `sluice.yaml` is larger than 4MiB"])
    let many = "zones: [" + String(repeating: "a,", count: 100_001) + "]"
    #expect(errors(many).first?.contains("more than 100000 values") == true)
    let elements = "zones: [" + String(repeating: "a,", count: 10_001) + "]"
    #expect(errors(elements).first?.contains("a list of more than 10000") == true)
  }

  @Test func changedBytesNeverTrap() {
    let seed = UInt64.random(in: .min ... .max)
    print("changedBytesNeverTrap seed \(seed)")
    var random = SeededGenerator(state: seed)
    let original = Array(ConfigurationReference.example.utf8)
    let pieces = [
      "${", "}", "*a", "&a ", "<<: ", "file:", "99999999999999999999", "-", "\u{0}", "[", "{", "!!x ", "\n",
    ]
    var refused = 0
    for _ in 0..<150 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...40, using: &random)))
        case 2: bytes.insert(contentsOf: Array((pieces.randomElement(using: &random) ?? "").utf8), at: at)
        default: bytes.insert(contentsOf: Array(bytes[at..<min(bytes.count, at + 60)]), at: at)
        }
      }
      do throws(ConfigurationErrors) {
        let loaded = try ConfigurationLoader.load(bytes: bytes, fileName: "x.yaml")
        #expect(ConfigurationDiff.between(loaded.configuration, loaded.configuration) == [])
      } catch {
        refused += 1
        #expect(!error.issues.isEmpty && error.issues.count <= 50, "seed \(seed)")
        #expect(error.issues.allSatisfy { $0.line > 0 && $0.column > 0 && !$0.message.contains("\n") }, "seed \(seed)")
      }
    }
    #expect(refused > 20)
  }

  @Test func seedsOfTheFuzzerNeverTrap() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fuzz/Corpus/config")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(files.count >= 10)
    for file in files {
      let bytes = Array(try Data(contentsOf: file))
      let loaded = try? ConfigurationLoader.load(bytes: bytes, fileName: file.lastPathComponent)
      if file.lastPathComponent.hasPrefix("well-") { #expect(loaded != nil, "\(file.lastPathComponent)") }
    }
  }
}
