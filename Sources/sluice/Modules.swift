import ArgumentParser
import Filters
import Industrial

/// `sluice modules`: the filters and industrial protocols that this binary has.
package struct Modules: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The filters and industrial protocols of this binary: their posture and maturity.")

  func run() throws { Terminal.print(Self.text) }

  /// A table: whom each module is made to face, and how settled it is.
  package static var text: String {
    let filters = Builtins.descriptions.map {
      ["filter", $0.name, $0.posture.rawValue, $0.maturity.rawValue]
    }
    let protocols = IndustrialProtocol.all.map {
      ["protocol", $0.name, $0.posture.rawValue, $0.maturity.rawValue]
    }
    return Terminal.table([["KIND", "NAME", "POSTURE", "MATURITY"]] + filters + protocols)
  }
}
