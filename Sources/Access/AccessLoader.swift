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

/// The files of policies and entities, unread but for their bytes.
struct AccessContents {
  let policies: [SourceContent]
  let entities: [SourceContent]
  /// What identifies them.
  let digest: [UInt8]
  /// What could not be read.
  private(set) var issues = AccessIssues()

  init(_ configuration: Configuration, from files: AccessFiles) {
    var reader = SourceFiles(files)
    policies = reader.read(configuration.policies, key: "policies", &issues)
    entities = reader.read(configuration.entities, key: "entities", &issues)
    digest = reader.digest
  }
}

/// Policies and entities as they stand in their files.
struct AccessSources {
  private(set) var policies = PolicyFiles()
  private(set) var entities = EntityFiles()

  init(_ contents: AccessContents, _ schema: Schema, _ issues: inout AccessIssues) {
    for (file, bytes) in contents.policies { policies.add(file, bytes, &issues) }
    for (file, bytes) in contents.entities { entities.add(file, bytes, schema, &issues) }
  }
}

/// Reads the policies and entities of a configuration, checks them against the built-in schema, and compiles them.
package enum AccessLoader {
  package static func load(
    _ configuration: Configuration, from files: AccessFiles
  ) throws(AccessIssues) -> LoadedAccess {
    try load(AccessContents(configuration, from: files), configuration)
  }

  static func load(_ contents: AccessContents, _ configuration: Configuration) throws(AccessIssues) -> LoadedAccess {
    let schema = try BuiltInSchema.parsed()
    var issues = contents.issues
    let sources = AccessSources(contents, schema, &issues)
    guard issues.errors.isEmpty else { throw issues }
    let configured = ConfigurationEntities.entities(configuration)
    let entities = sources.entities.joined(with: configured, &issues)
    check(sources.policies, schema, &issues)
    let store: EntityStore
    do {
      store = try EntityStore(entities + schema.actionEntities)
    } catch {
      issues.add(sources.entities.issue(error))
      throw issues
    }
    guard issues.errors.isEmpty else { throw issues }
    UnknownNames(sources, configured: configured, entities).warn(&issues)
    do {
      let engine = try PolicyEngine(sources.policies.set, entities: store)
      let texts = engine.policies.map { sources.policies.text(of: $0) }
      return LoadedAccess(
        snapshot: PolicySnapshot(engine, texts: texts, configuration: configuration), warnings: issues.warnings,
        digest: contents.digest, entityFiles: contents.entities.map { ($0.file.name, SourceFiles.digest($0.bytes)) })
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
