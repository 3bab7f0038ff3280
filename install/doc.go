// Package install holds what a store is set up with: units for service
// managers, and descriptions of points of sale. What the program itself needs
// of it is embedded. It refuses to know anything about the program.
package install
