import Synchronization

/// Numbers for names: attributes of one engine and all that came from it, or its entity types. Names only ever join.
final class SymbolTable: Sendable {
  private struct State {
    var numbers: [ExactName: UInt32] = [:]
    var names: [String] = []
  }

  private struct ExactName: Hashable {
    var text: String

    static func == (left: ExactName, right: ExactName) -> Bool { left.text.isIdentical(to: right.text) }
  }

  private let state = Mutex(State())

  /// Numbers from here on are of one request only.
  static let firstTransient: UInt32 = 0x8000_0000

  /// The name's number; a new name gets one.
  func number(_ name: String) -> UInt32 {
    state.withLock { state in
      if let number = state.numbers[ExactName(text: name)] { return number }
      let number = UInt32(truncatingIfNeeded: state.names.count)
      state.numbers[ExactName(text: name)] = number
      state.names.append(name)
      return number
    }
  }

  func known(_ name: String) -> UInt32? { state.withLock { $0.numbers[ExactName(text: name)] } }

  func name(_ number: UInt32) -> String? {
    state.withLock { state in
      Int(number) < state.names.count ? state.names[Int(number)] : nil
    }
  }
}
