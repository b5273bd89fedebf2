// Package erp hands settlements to an ERP as files in a folder, which is what every
// such system can import.
package erp
