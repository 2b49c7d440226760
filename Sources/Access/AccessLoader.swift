import Cedar
package import SluiceModel

/// Policies and entities that were read, checked and compiled.
package struct LoadedAccess: Sendable {
  package let snapshot: PolicySnapshot
  /// What is doubtful in them.
  package let warnings: [AccessIssue]
  /// What identifies the contents of their files.
  package let digest: [UInt8]
  /// The files of entities, with the SHA-256 of each in hexadecimal.
  package let entityFiles: [(name: String, digest: String)]
}

/// Policies and entities as they stand in their files.
struct AccessSources {
  var policies = PolicyFiles()
  var entities = EntityFiles()
  var digest: [UInt8] = []
  var entityFiles: [(name: String, digest: String)] = []
  /// Warnings so far.
  var issues = AccessIssues()
}

/// Reads the policies and entities of a configuration, checks them against the built-in schema, and compiles them.
package enum AccessLoader {
  package static func load(
    _ configuration: Configuration, from files: AccessFiles
  ) throws(AccessIssues) -> LoadedAccess {
    try load(try read(configuration, from: files), configuration)
  }

  /// Reads and parses.
  static func read(_ configuration: Configuration, from files: AccessFiles) throws(AccessIssues) -> AccessSources {
    let schema = try BuiltInSchema.parsed()
    var sources = AccessSources()
    var reader = SourceFiles(files)
    var issues = AccessIssues()
    reader.read(configuration.policies, key: "policies", &issues) { sources.policies.add($0, $1, &$2) }
    reader.read(configuration.entities, key: "entities", &issues) { file, bytes, issues in
      sources.entities.add(file, bytes, schema, &issues)
      sources.entityFiles.append((file.name, SourceFiles.digest(bytes)))
    }
    guard issues.errors.isEmpty else { throw issues }
    sources.issues = issues
    sources.digest = reader.digest
    return sources
  }

  /// Checks and compiles what was read.
  static func load(_ sources: AccessSources, _ configuration: Configuration) throws(AccessIssues) -> LoadedAccess {
    let schema = try BuiltInSchema.parsed()
    var issues = sources.issues
    let entities = sources.entities.joined(with: ConfigurationEntities.entities(configuration), &issues)
    check(sources.policies, schema, &issues)
    let store: EntityStore
    do {
      store = try EntityStore(entities + schema.actionEntities)
    } catch {
      issues.add(sources.entities.issue(error))
      throw issues
    }
    guard issues.errors.isEmpty else { throw issues }
    UnknownNames(sources, configuration, entities).warn(&issues)
    do {
      let engine = try PolicyEngine(sources.policies.set, entities: store)
      let texts = engine.policies.map { sources.policies.text(of: $0) }
      let snapshot = PolicySnapshot(engine, texts: texts, configuration: configuration)
      return LoadedAccess(
        snapshot: snapshot, warnings: issues.warnings, digest: sources.digest, entityFiles: sources.entityFiles)
    } catch {
      issues.add(AccessIssue(error.description, key: "policies"))
      throw issues
    }
  }

  private static func check(_ policies: PolicyFiles, _ schema: Schema, _ issues: inout AccessIssues) {
    let result = Validator(schema).validate(policies.set)
    for finding in result.findings { issues.add(policies.issue(finding)) }
    for finding in result.warnings {
      var issue = policies.issue(finding)
      issue.isWarning = true
      issues.add(issue)
    }
  }
}

extension BuiltInSchema {
  private static let result = Result { () throws(SchemaError) in try Schema(parsing: text) }

  /// The schema, parsed once.
  static func parsed() throws(AccessIssues) -> Schema {
    do { return try result.get() } catch {
      var issues = AccessIssues()
      issues.add(AccessIssue("the built-in schema is wrong: \(error)", key: "policies"))
      throw issues
    }
  }
}
