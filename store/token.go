package store

import "crypto/sha256"

// Role says what a token may do; see the web package's table of routes.
type Role string

// The roles. Admin may do everything.
const (
	RoleViewer   Role = "viewer"
	RoleTerminal Role = "terminal"
	RoleManager  Role = "manager"
	RoleAdmin    Role = "admin"
	RoleSync     Role = "sync"
)

// Roles lists the roles.
var Roles = []Role{RoleViewer, RoleTerminal, RoleManager, RoleAdmin, RoleSync}

// TokenPrefix starts every token, so that scanners for secrets can know one.
const TokenPrefix = "shelfd_"

// Token is the right of a person or program to call the API. Only a hash of
// its secret is kept. A value is one immutable version.
type Token struct {
	ID   ID
	Name string
	Role Role
	// Hash is SHA-256 of the secret, which has 256 random bits.
	Hash [sha256.Size]byte
	// Location binds the token to one location; the zero ID to none.
	Location ID
	// Terminal names the device; every movement made with it carries it.
	Terminal  string
	CreatedAt Instant
	// ExpiresAt and RevokedAt are zero when the token does not expire or was
	// not revoked.
	ExpiresAt, RevokedAt Instant
}

// HashToken gives the hash under which a token's secret is kept.
func HashToken(secret string) [sha256.Size]byte { return sha256.Sum256([]byte(secret)) }
