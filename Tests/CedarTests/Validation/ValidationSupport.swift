import Cedar
import Foundation
import Testing

/// A plant's schema, and what the validator says of policies for it.
enum Plant {
  static let schema = """
    namespace Plant {
      entity User in [Team] {
        name: String, level: Long, admin: Bool, team: Team, shift?: Shift, mail?: String, boss?: User,
        contact: { phone?: { short: Long }, city: String }, done: Action,
      } tags Set<String>;
      entity Team in [Team];
      entity Asset in [Zone] {
        name: String, level?: Long, address: ipaddr, since: datetime, rate: decimal, wear: duration,
      };
      entity Zone;
      entity Shift enum ["early", "late"];
      action use, all;
      action read in [use] appliesTo {
        principal: [User], resource: [Asset, Zone],
        context: { mfa: Bool, wait?: duration, note?: String, from: { ip: ipaddr } },
      };
      action write in [use, Group::Action::"risky"] appliesTo { principal: User, resource: Asset, context: {} };
      action stop appliesTo { principal: Team, resource: Zone };
    }
    namespace Group { action risky; }
    """

  static func validator() throws -> Validator { Validator(try Schema(parsing: schema)) }

  /// What is wrong with a policy, without its environment.
  static func findings(_ policies: String) throws -> [String] {
    try validator().validate(try PolicySet(parsing: policies)).findings.map(text)
  }

  /// What is wrong with a condition of a policy about an action.
  static func findings(when condition: String, action: String = "write") throws -> [String] {
    try findings("permit (principal, action == Plant::Action::\"\(action)\", resource) when { \(condition) };")
  }

  private static func text(_ finding: ValidationFinding) -> String {
    finding.message + (finding.expected.map { "; expected \($0)" } ?? "")
  }
}

/// Cases of the public corpus; none where it isn't there.
enum ValidationCorpus {
  private static let archive: URL = {
    let folder = ProcessInfo.processInfo.environment["SLUICE_CONFORMANCE"].map { URL(filePath: $0) }
    let here = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    let conformance = folder ?? here.appending(path: "../../../../shared/conformance")
    return conformance.appending(path: "cedar/corpus-tests.tar.gz").standardizedFileURL
  }()

  static var isThere: Bool { FileManager.default.fileExists(atPath: archive.path) }

  struct Case: Decodable {
    var policies: String
    var schema: String
    var entities: String
    var shouldValidate: Bool
  }

  /// Calls `body` with each case, its requests as they stand in the text, and a function that reads its files.
  static func forEach(_ body: (Case, [[UInt8]], (String) throws -> Data) throws -> Void) throws -> Int {
    let folder = FileManager.default.temporaryDirectory.appending(path: "cedar-validation-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let tar = Process()
    tar.executableURL = URL(filePath: "/usr/bin/env")
    tar.arguments = ["tar", "-xzf", archive.path, "-C", folder.path]
    try tar.run()
    tar.waitUntilExit()
    var count = 0
    guard let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else { return 0 }
    for case let file as URL in files where file.pathExtension == "json" && !file.path.hasSuffix(".entities.json") {
      let json = try Data(contentsOf: file)
      let test = try JSONDecoder().decode(Case.self, from: json)
      try body(test, requests(in: [UInt8](json))) { try Data(contentsOf: folder.appending(path: $0)) }
      count += 1
    }
    return count
  }

  /// The objects in the first array of an object that has no others outside of them.
  private static func requests(in json: [UInt8]) -> [[UInt8]] {
    var requests: [[UInt8]] = []
    var depth = 0
    var start = 0
    var isInString = false
    var isEscaped = false
    for (index, byte) in json.enumerated() {
      if isInString {
        if byte == UInt8(ascii: "\""), !isEscaped { isInString = false }
        isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        if depth == 3 { start = index }
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 3 { requests.append(Array(json[start...index])) }
        depth -= 1
      default: break
      }
    }
    return requests
  }
}
