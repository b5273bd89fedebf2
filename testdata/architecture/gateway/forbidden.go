// Package gateway is a planted violation: the architecture test must see it.
package gateway

import _ "paytrace-gateway/api"
