package import SecLang
package import SluiceModel

/// Rules that were read and compiled.
package struct LoadedRules: Sendable {
  package let set: RuleSet
  package let counts: RuleCounts
  /// The files read, data files among them.
  package let files: [String]
  /// What identifies their contents.
  package let digest: String
  /// The data files that rules name.
  let data: [String]
}

/// Loads rule sets from files.
package enum FirewallLoader {
  /// Reads and compiles rules with the settings around them: recommended settings, the rules' own set-up, variables,
  /// custom rules, exclusions for paths, the rules, rules after them, other exclusions, the engine's mode.
  ///
  /// - Throws: what is wrong with the rules, each with file, line and column; what comes from `options` has the name of
  ///   the option in place of a file.
  package static func load(_ rules: [FirewallRules], options: FirewallOptions) throws(RuleIssues) -> LoadedRules {
    let files = RuleFiles()
    let document = try read(rules, options: options, files: files)
    let counts = RuleCounts(document)
    let set = try RuleSet.compile(document, data: files)
    return LoadedRules(set: set, counts: counts, files: files.paths, digest: files.digest, data: files.dataPaths)
  }

  /// What `load` would say identifies the files' contents, without compiling anything.
  ///
  /// - Parameter data: the data files of the rules as they were compiled before.
  static func digest(_ rules: [FirewallRules], options: FirewallOptions, data: [String]) -> String? {
    let files = RuleFiles()
    guard (try? read(rules, options: options, files: files)) != nil else { return nil }
    files.revisit(data)
    return files.digest
  }

  private static func read(
    _ rules: [FirewallRules], options: FirewallOptions, files: RuleFiles
  ) throws(RuleIssues) -> RuleDocument {
    let layout = try RuleLayout(rules)
    let exclusions = try ExclusionRules(options.exclusions)
    let variables = try RecommendedRules.variables(options)
    var parts = DocumentParts(files: files)
    parts.add(RecommendedRules.settings(options), named: RecommendedRules.settingsName)
    parts.add(layout.setup)
    parts.add(variables, named: RecommendedRules.variablesName)
    parts.add(options.customRules, named: "customRules")
    parts.add(exclusions.before, named: ExclusionRules.name)
    parts.add(layout.rules)
    parts.add(options.rulesAfter, named: "rulesAfter")
    parts.add(exclusions.after, named: ExclusionRules.name)
    parts.add(RecommendedRules.mode(options), named: RecommendedRules.settingsName)
    return try parts.finish()
  }
}

/// Texts and files that are read one after the other; what is wrong with one does not hide what is wrong with the next.
private struct DocumentParts {
  let files: RuleFiles
  private var document = RuleDocument()
  private var issues = RuleIssues(issues: [])

  init(files: RuleFiles) { self.files = files }

  mutating func add(_ text: String, named name: String) {
    guard !text.isEmpty else { return }
    let files = files
    add { () throws(RuleIssues) in try RuleParser.parse(Array(text.utf8), named: name, loader: files) }
  }

  mutating func add(_ paths: [String]) {
    guard !paths.isEmpty else { return }
    let files = files
    add { () throws(RuleIssues) in try RuleParser.parse(paths, loader: files) }
  }

  private mutating func add(_ parse: () throws(RuleIssues) -> RuleDocument) {
    do throws(RuleIssues) {
      document.append(try parse())
    } catch {
      let room = max(0, RuleLimits.issues - issues.issues.count)
      issues.omitted += error.omitted + max(0, error.issues.count - room)
      issues.issues += error.issues.prefix(room)
    }
  }

  func finish() throws(RuleIssues) -> RuleDocument {
    guard issues.issues.isEmpty else { throw issues }
    return document
  }
}
