// Package webhook tells subscribers what happens: it makes a destination of the
// sync engine of each endpoint, and sends it what it wants of the ledger, in
// order, signed by the rules of Standard Webhooks, one request at a time.
//
// It refuses to be a way into the shop's network: every address is looked at
// when it is dialled, redirects are not followed, and nothing of an answer is
// kept but its status. It refuses to lose anything: what cannot be delivered
// holds its endpoint, and only that one, until it can or a person decides.
package webhook
