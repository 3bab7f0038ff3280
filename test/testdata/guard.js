// Ends a program when its standard input closes, which happens when the test
// that started it is gone.
process.stdin.on('end', () => process.exit(1)).resume()
process.stdin.unref()
