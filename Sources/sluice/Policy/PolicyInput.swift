package import Cedar
import Foundation

/// Something wrong in a file that was given: policies, a schema, entities or a request.
package struct PolicyProblem: Error, Equatable {
  package var file: String
  /// Line 0 stands for no place.
  package var position: SourcePosition
  package var message: String
  package var hint: String?

  package init(file: String, position: SourcePosition = .none, message: String, hint: String? = nil) {
    self.file = file
    self.position = position
    self.message = message
    self.hint = hint
  }

  package init(_ error: SyntaxError, in file: String) {
    self.init(file: file, position: error.position, message: error.message, hint: error.hint)
  }

  /// `file:line:column: message; hint`, without the place where there is none.
  package var text: String {
    let place = position == .none ? "" : ":\(position)"
    return Terminal.safe("\(file)\(place): \(message)" + (hint.map { "; " + $0 } ?? ""))
  }
}

/// Reads what the policy commands are given.
package enum PolicyInput {
  /// Reads a file, or a pipe, to its end.
  ///
  /// - Parameter maximum: its bytes at most.
  /// - Throws: `Failure` when it can't be read or is longer.
  package static func read(_ path: String, maximum: Int = CedarLimits.textBytes) throws -> [UInt8] {
    let shown = Terminal.safe(path)
    guard let file = FileHandle(forReadingAtPath: path) else { throw Failure("can't read `\(shown)`") }
    defer { try? file.close() }
    var bytes: [UInt8] = []
    do {
      while let data = try file.read(upToCount: 64 << 10), !data.isEmpty {
        bytes += data
        guard bytes.count <= maximum else { throw Failure("`\(shown)` is longer than \(maximum >> 20) MiB") }
      }
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure("can't read `\(shown)`", hint: "is it a file?")
    }
    return bytes
  }

  /// Policies of a text, in Cedar or as JSON.
  package static func policies(_ bytes: [UInt8], file: String) throws(PolicyProblem) -> PolicySet {
    do {
      return try PolicySet(reading: bytes)
    } catch {
      throw PolicyProblem(error, in: file)
    }
  }

  /// A schema of a text, in Cedar or as JSON.
  package static func schema(_ bytes: [UInt8], file: String) throws(PolicyProblem) -> Cedar.Schema {
    do {
      return JSONReader.isMeant(by: bytes) ? try Cedar.Schema(json: bytes) : try Cedar.Schema(parsing: bytes)
    } catch {
      throw PolicyProblem(error, in: file)
    }
  }

  /// Entities of a JSON text; with a schema, checked against it and with its actions among them.
  package static func entities(
    _ bytes: [UInt8], file: String, schema: Cedar.Schema?
  ) throws(PolicyProblem) -> EntityStore {
    let entities: [Entity]
    do {
      entities = try EntityReader.read(bytes, schema: schema)
    } catch {
      throw PolicyProblem(error, in: file)
    }
    do {
      return try EntityStore(entities)
    } catch {
      throw PolicyProblem(file: file, message: error.description)
    }
  }

  /// A request of a JSON text; with a schema, read by it.
  ///
  /// - Parameter isChecked: whether it has to fit the schema.
  package static func request(
    _ bytes: [UInt8], file: String, schema: Cedar.Schema?, isChecked: Bool = true
  ) throws(PolicyProblem) -> Request {
    let request: Request
    do {
      request = try RequestReader.read(bytes, schema: schema)
    } catch {
      throw PolicyProblem(error, in: file)
    }
    if let schema, isChecked {
      do {
        try schema.validate(request: request)
      } catch {
        throw PolicyProblem(file: file, message: error.message, hint: error.expected.map { "expected \($0)" })
      }
    }
    return request
  }
}
