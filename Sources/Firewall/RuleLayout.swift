import SecLang
import SluiceModel

/// The files of a rule set in the order in which they apply.
struct RuleLayout {
  /// What sets variables for the rules.
  private(set) var setup: [String] = []
  private(set) var rules: [String] = []

  /// Where Debian's package puts the core rule set.
  static let installedRules = "/usr/share/modsecurity-crs/rules"
  static let installedSetup = "/etc/modsecurity/crs"

  /// - Throws: what is not there.
  init(_ sources: [FirewallRules]) throws(RuleIssues) {
    for source in sources {
      switch source {
      case .installed: try addInstalled()
      case .path(let path):
        switch RuleFiles.kind(path) {
        case .folder: try add(folder: path)
        case .file:
          // A set-up that is given as a file is one all the same.
          if Self.isSetup(path) { setup.append(path) } else { rules.append(path) }
        case nil:
          throw Self.issue(
            path, "there is no file or folder `\(path)`",
            "name a file of rules, a folder of the core rule set, or `crs`")
        }
      }
    }
  }

  private static func isSetup(_ path: String) -> Bool {
    let name = path.split(separator: "/").last ?? ""
    return name == "crs-setup.conf" || name == "crs-setup.conf.example"
  }

  private static func issue(_ path: String, _ message: String, _ hint: String) -> RuleIssues {
    RuleIssues(issues: [RuleIssue(file: path, line: 1, column: 1, message: message, hint: hint)])
  }

  /// As `owasp-crs.load` of the package has it.
  private mutating func addInstalled() throws(RuleIssues) {
    let setupFile = Self.installedSetup + "/crs-setup.conf"
    let files = RuleFiles.names(in: Self.installedRules, endingWith: ".conf")
    guard RuleFiles.kind(setupFile) == .file, !files.isEmpty else {
      throw Self.issue(
        Self.installedRules, "the core rule set is not installed",
        "install the package `modsecurity-crs`, or give the path of a release of the core rule set")
    }
    setup.append(setupFile)
    addOptional(Self.installedSetup + "/REQUEST-900-EXCLUSION-RULES-BEFORE-CRS.conf")
    rules += files.map { Self.installedRules + "/" + $0 }
    addOptional(Self.installedSetup + "/RESPONSE-999-EXCLUSION-RULES-AFTER-CRS.conf")
  }

  private mutating func addOptional(_ path: String) {
    if RuleFiles.kind(path) == .file { rules.append(path) }
  }

  /// A release: its set-up, the configuration of plugins, plugins before, rules, plugins after.
  private mutating func add(folder path: String) throws(RuleIssues) {
    let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
    let files = RuleFiles.names(in: folder + "/rules", endingWith: ".conf")
    guard !files.isEmpty else {
      throw Self.issue(
        path, "`\(path)` is no folder of the core rule set: it has no `rules/*.conf`",
        "name the folder that holds `crs-setup.conf` and `rules`, or a file of rules")
    }
    let candidates = ["/crs-setup.conf", "/crs-setup.conf.example"].map { folder + $0 }
    guard let setupFile = candidates.first(where: { RuleFiles.kind($0) == .file }) else {
      throw Self.issue(
        path, "`\(path)` has no `crs-setup.conf` and no `crs-setup.conf.example`",
        "the rules refuse every request without it; `crs` stands for the set that is installed on this system")
    }
    func plugins(_ suffix: String) -> [String] {
      RuleFiles.names(in: folder + "/plugins", endingWith: suffix).map { folder + "/plugins/" + $0 }
    }
    setup.append(setupFile)
    setup += plugins("-config.conf")
    rules += plugins("-before.conf")
    rules += files.map { folder + "/rules/" + $0 }
    rules += plugins("-after.conf")
  }
}
