//go:build unix && !linux && !darwin

package cmd

import (
	"context"
	"errors"
)

// serviceAccount is the account of the service.
const serviceAccount = "shelfd"

// addAccount leaves it to the operator.
func addAccount(context.Context) error {
	return errors.New("make the account " + serviceAccount + " with the tools of this system, and install again")
}
