import Foundation
import Testing

@Suite("modbus fuzz corpus")
struct ModbusCorpusTests {
  @Test("every seed and every former crasher passes")
  func replays() throws {
    // The exercise is a link to the fuzz target's file, so the folder is found from where this file really is.
    let tests = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    let corpus = tests.appending(path: "../../Fuzz/Corpus/modbus").standardizedFileURL
    let files = try FileManager.default.contentsOfDirectory(at: corpus, includingPropertiesForKeys: nil)
    #expect(files.count >= 6)
    for file in files {
      #expect(ModbusExercise.check(Array(try Data(contentsOf: file))) == nil, "\(file.lastPathComponent)")
    }
  }
}
