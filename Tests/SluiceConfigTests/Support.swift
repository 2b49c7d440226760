import SluiceConfig
import SluiceModel

/// Loads a configuration from text held in memory.
func load(
  _ text: String, files: [String: String] = [:], environment: [String: String] = [:]
) throws(ConfigurationErrors) -> LoadedConfiguration {
  let source = ConfigurationSource.memory(files: files.mapValues { Array($0.utf8) }, environment: environment)
  return try ConfigurationLoader.load(bytes: Array(text.utf8), fileName: "sluice.yaml", source: source)
}

/// The errors of a configuration as they are printed; empty when it is well.
func errors(
  _ text: String, files: [String: String] = [:], environment: [String: String] = [:]
) -> [String] {
  do throws(ConfigurationErrors) {
    _ = try load(text, files: files, environment: environment)
    return []
  } catch {
    return error.issues.map(\.description)
  }
}

/// A well configuration around one listener's limits.
func listener(_ extra: String) -> String {
  "listeners:\n  - { name: web, address: 127.0.0.1:80, protocol: http, \(extra) }\nroutes: [{ name: r, respond: {} }]\n"
}

/// A well configuration around one route's keys.
func route(_ keys: String) -> String {
  """
  listeners: [{ name: web, address: 127.0.0.1:80, protocol: http }]
  pools: [{ name: p, endpoints: [127.0.0.1:8080] }]
  routes:
    - { name: r, \(keys) }
  """
}

/// A well configuration around one rule of the operations filter.
func rule(_ keys: String) -> String {
  """
  assets: [{ name: plc, protocol: modbus, address: 127.0.0.1:502 }]
  listeners:
    - name: m
      address: 127.0.0.1:1502
      protocol: modbus
      asset: plc
      filters: [{ operations: { allow: [{ \(keys) }] } }]
  """
}

/// SplitMix64: the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
