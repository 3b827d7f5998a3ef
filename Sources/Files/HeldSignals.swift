internal import CPlatform

/// Lets signals that end the program wait while output takes its names: what is begun is completed first.
///
/// Where the program is ending already this does not return, so that nothing takes a name that is being deleted.
func holdingSignals<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    dcae_hold_signals()
    defer { dcae_release_signals() }
    return try body()
}

/// Deletes what is unfinished because the program is about to end by itself, from wherever it is.
package func abandonOutputs() { dcae_end_unfinished() }
