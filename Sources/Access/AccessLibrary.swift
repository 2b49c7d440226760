package import SluiceModel
import Synchronization

/// The policies of the configuration that was read last. They are read when a configuration is checked, before it takes
/// effect; filters only look them up.
package final class AccessLibrary: Sendable {
  private struct Entry {
    var loaded: LoadedAccess
    var scope: AccessScope
  }

  private let entry = Mutex<Entry?>(nil)

  package init() {}

  /// Reads the policies and entities of a configuration, and compiles them unless they are those of before.
  ///
  /// - Throws: what is wrong with them; those of before stay.
  package func load(_ configuration: Configuration, from files: AccessFiles) throws(AccessIssues) -> LoadedAccess {
    let scope = AccessScope(configuration)
    let before = entry.withLock { $0 }
    let contents = AccessContents(configuration, from: files)
    if let before, contents.issues.errors.isEmpty, before.scope == scope, before.loaded.digest == contents.digest {
      return before.loaded
    }
    let loaded = try AccessLoader.load(contents, configuration)
    entry.withLock { $0 = Entry(loaded: loaded, scope: scope) }
    return loaded
  }

  /// Forgets policies and entities: the configuration has none any more.
  package func clear() { entry.withLock { $0 = nil } }

  /// What was read last; nil when the configuration has no policies.
  package var loaded: LoadedAccess? { entry.withLock { $0?.loaded } }

  /// What filters decide with; nil when the configuration has no policies.
  package var snapshot: PolicySnapshot? { loaded?.snapshot }
}

/// What a configuration says that policies depend on.
private struct AccessScope: Equatable {
  private struct Asset: Equatable {
    var name: String
    var zone: String?
    var points: [PointConfiguration]
  }

  private let zones: [ZoneConfiguration]
  private let routes: [[String?]]
  private let assets: [Asset]

  init(_ configuration: Configuration) {
    zones = configuration.zones
    routes = configuration.routes.map { [$0.name, $0.zone] }
    assets = configuration.assets.map { Asset(name: $0.name, zone: $0.zone, points: $0.points) }
  }
}
