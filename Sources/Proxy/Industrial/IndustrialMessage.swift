public import Industrial

/// An industrial request as a filter sees it.
public enum IndustrialMessage: Sendable {
  case modbus(ModbusRequest)
}
