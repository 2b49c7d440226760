import Cedar
import SluiceModel

/// The entities of all files, and what the configuration says of them.
struct EntityFiles {
  private(set) var all: [Entity] = []
  /// Where each entity is in `all`, and the file that it is from.
  private var origins: [EntityUID: (index: Int, file: Int)] = [:]
  private var files: [EntityFile] = []

  mutating func add(_ file: SourceFile, _ bytes: [UInt8], _ schema: Schema, _ issues: inout AccessIssues) {
    files.append(EntityFile(file, bytes))
    let entities: [Entity]
    do {
      entities = try EntityReader.read(bytes, schema: schema)
    } catch {
      return issues.add(AccessIssue(error.message, hint: error.hint, in: file, at: error.position, key: file.key))
    }
    // The reader adds the actions of the schema.
    for entity in entities where entity.uid.type != EntityKind.action.name {
      guard let known = origins[entity.uid] else {
        origins[entity.uid] = (all.count, files.count - 1)
        all.append(entity)
        continue
      }
      guard all[known.index] != entity else { continue }
      issues.add(
        AccessIssue(
          "the entity `\(entity.uid)` is there twice, with different contents",
          hint: "it is first at \(files[known.file].place(of: entity.uid))", in: file,
          at: files[files.count - 1].position(of: entity.uid), key: file.key))
    }
  }

  /// The file of an entity and its place in it; nil for one that no file has.
  func origin(of uid: EntityUID) -> (file: SourceFile, position: SourcePosition)? {
    origins[uid].map { (files[$0.file].file, files[$0.file].position(of: uid)) }
  }

  /// The entities of the files and of the configuration; of one that both have, what both say.
  func joined(with configured: [Entity], _ issues: inout AccessIssues) -> [Entity] {
    var entities = all
    for entity in configured {
      guard let index = origins[entity.uid]?.index else {
        entities.append(entity)
        continue
      }
      entities[index].parents.formUnion(entity.parents)
      for (name, value) in entity.attributes {
        guard let other = entities[index].attributes.updateValue(value, forKey: name), other != value else { continue }
        issues.add(
          issue(
            "`\(name)` of `\(entity.uid)` is something else in the configuration", "say it in one place", entity.uid))
      }
    }
    return entities
  }

  /// What is wrong with the entities together.
  func issue(_ error: EntityStoreError) -> AccessIssue {
    switch error {
    case .cycle(let uid), .duplicate(let uid), .tooLarge(let uid): issue(error.description, nil, uid)
    case .tooMany: AccessIssue(error.description, key: "entities")
    }
  }

  private func issue(_ message: String, _ hint: String?, _ uid: EntityUID) -> AccessIssue {
    guard let (file, position) = origin(of: uid) else { return AccessIssue(message, hint: hint, key: "entities") }
    return AccessIssue(message, hint: hint, in: file, at: position, key: file.key)
  }
}

/// A file of entities. Where they are in it is wanted for messages alone, and looked for when there is one.
private final class EntityFile {
  let file: SourceFile
  private let bytes: [UInt8]
  private lazy var places = (try? EntityPlaces.read(bytes)) ?? [:]

  init(_ file: SourceFile, _ bytes: [UInt8]) {
    self.file = file
    self.bytes = bytes
  }

  func position(of uid: EntityUID) -> SourcePosition { places[uid] ?? .none }

  func place(of uid: EntityUID) -> String {
    let position = position(of: uid)
    return file.path + (position == .none ? "" : ":\(position)")
  }
}
