public import ArgumentParser
public import SluiceModel

extension Verdict: ExpressibleByArgument {}
extension LogLevel: ExpressibleByArgument {}
