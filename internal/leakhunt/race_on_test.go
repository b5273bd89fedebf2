//go:build race

package leakhunt

const underRace = true
