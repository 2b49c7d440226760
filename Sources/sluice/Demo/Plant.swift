import Glibc

/// The simulated process of the tour: a tank that is filled and heated towards its setpoints.
///
/// Pure: time comes in by `advance(to:)`. The register map is what the simulated PLC serves on unit 1:
///
/// | table | address | meaning |
/// |---|---|---|
/// | input register | 0 | tank level, 0.01 % |
/// | input register | 1 | tank temperature, 0.1 °C |
/// | input register | 2 | inflow, 0.1 l/min |
/// | input register | 3 | seconds since start, modulo 65536 |
/// | holding register | 100 | level setpoint, 0.01 % (0-8500 is safe) |
/// | holding register | 101 | temperature setpoint, 0.1 °C |
/// | holding register | 102-119 | recipe, free |
/// | holding register | 200 | safety limit of the level, 0.01 %: nobody should write this over a network |
/// | coil | 0 | inlet valve open |
/// | coil | 1 | heater on |
/// | discrete input | 0 | level above the safety limit |
/// | discrete input | 1 | temperature above 60 °C |
///
/// Every other address below `registerCount` and `coilCount` reads as written, or 0.
package struct Plant: Sendable {
  package static let registerCount = 256
  package static let coilCount = 64
  package static let levelSetpointRegister = 100
  package static let temperatureSetpointRegister = 101
  package static let safetyLimitRegister = 200

  package private(set) var holdingRegisters: [UInt16]
  package private(set) var coils: [Bool]
  package private(set) var levelPercent = 42.0
  package private(set) var temperatureCelsius = 31.0
  package private(set) var inflowLitersPerMinute = 0.0
  package private(set) var seconds = 0.0

  package init() {
    holdingRegisters = Array(repeating: 0, count: Plant.registerCount)
    coils = Array(repeating: false, count: Plant.coilCount)
    holdingRegisters[Plant.levelSetpointRegister] = 5000
    holdingRegisters[Plant.temperatureSetpointRegister] = 400
    holdingRegisters[Plant.safetyLimitRegister] = 9000
    coils[0] = true
    coils[1] = true
  }

  /// Percent.
  package var levelSetpoint: Double { Double(holdingRegisters[Plant.levelSetpointRegister]) / 100 }
  /// Degrees Celsius.
  package var temperatureSetpoint: Double { Double(holdingRegisters[Plant.temperatureSetpointRegister]) / 10 }

  /// Moves the process to `time` seconds after its start; earlier times change nothing.
  package mutating func advance(to time: Double) {
    // A long pause is one long step: what matters is where the process settles, not each moment on the way.
    let step = min(time - seconds, 600)
    guard step > 0 else { return }
    seconds = time
    let settle = 1 - exp(-step / 12)
    let target = coils[0] ? levelSetpoint + 1.5 * sin(time / 7) : 0
    let change = (target - levelPercent) * settle
    levelPercent = min(max(levelPercent + change, 0), 100)
    inflowLitersPerMinute = coils[0] ? min(max(20 + change / step * 30, 0), 200) : 0
    let warmth = coils[1] ? temperatureSetpoint + 0.4 * sin(time / 11) : 18
    temperatureCelsius = min(max(temperatureCelsius + (warmth - temperatureCelsius) * settle, -40), 200)
  }

  /// Writes a holding register; false when there is none at `address`.
  package mutating func setRegister(_ address: Int, to value: UInt16) -> Bool {
    guard holdingRegisters.indices.contains(address) else { return false }
    holdingRegisters[address] = value
    return true
  }

  /// Writes a coil; false when there is none at `address`.
  package mutating func setCoil(_ address: Int, to value: Bool) -> Bool {
    guard coils.indices.contains(address) else { return false }
    coils[address] = value
    return true
  }

  package func inputRegister(_ address: Int) -> UInt16 {
    switch address {
    case 0: UInt16(levelPercent * 100)
    case 1: UInt16(max(temperatureCelsius * 10, 0))
    case 2: UInt16(inflowLitersPerMinute * 10)
    case 3: UInt16(Int(seconds) % 65_536)
    default: 0
    }
  }

  package func discreteInput(_ address: Int) -> Bool {
    switch address {
    case 0: levelPercent * 100 > Double(holdingRegisters[Plant.safetyLimitRegister])
    case 1: temperatureCelsius > 60
    default: false
    }
  }
}
