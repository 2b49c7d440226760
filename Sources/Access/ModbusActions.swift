package import Industrial

/// What a Modbus function does, as policies name it: a number for each action of the built-in schema.
package struct ModbusAction: Hashable, Sendable {
  /// An index into `ids`.
  package let number: Int

  /// The ids of all Modbus actions.
  package static let ids: [String] = {
    var ids = ["modbus:other"]
    for function in known where !ids.contains(id(function)) { ids.append(id(function)) }
    return ids
  }()

  /// Functions whose fields are known, with their subfunctions.
  private static let known: [ModbusFunction] = (1...127).flatMap { code -> [ModbusFunction] in
    let subfunctions: [UInt16?] = code == 8 ? (0...20).map { $0 } : code == 43 ? (13...14).map { $0 } : [nil]
    return subfunctions.map { ModbusFunction(code: UInt8(code), subfunction: $0) }.filter(\.isKnown)
  }

  private static func id(_ function: ModbusFunction) -> String { "modbus:\(function.name)" }

  /// By function code; of functions 8 and 43 by subfunction.
  private static let byCode = numbers(128) { ModbusFunction(code: UInt8($0)) }
  private static let byDiagnostic = numbers(21) { ModbusFunction(code: 8, subfunction: UInt16($0)) }
  private static let byType = numbers(15) { ModbusFunction(code: 43, subfunction: UInt16($0)) }

  private static func numbers(_ count: Int, _ function: (Int) -> ModbusFunction) -> [Int] {
    (0..<count).map { index in
      let function = function(index)
      return function.isKnown ? ids.firstIndex(of: id(function)) ?? 0 : 0
    }
  }

  /// The action of an operation. Function 23 reads like function 3 and writes under its own name.
  package init(_ operation: ModbusOperation, of request: ModbusRequest) {
    let code = Int(operation.functionCode & 0x7f)
    switch code {
    case 8:
      let subfunction = Int(request.subfunction ?? .max)
      number = subfunction < Self.byDiagnostic.count ? Self.byDiagnostic[subfunction] : 0
    case 43:
      let type = Int(request.subfunction ?? .max)
      number = type < Self.byType.count ? Self.byType[type] : 0
    case 23 where operation.operationClass == .read: number = Self.byCode[3]
    default: number = Self.byCode[code]
    }
  }

  package var id: String { Self.ids[number] }
}
