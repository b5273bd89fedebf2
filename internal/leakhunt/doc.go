// Package leakhunt proves that no card data is anywhere. It makes numbers that
// exist nowhere else, has the real gateway meet each of them in every way there
// is, and then searches all that the gateway has written, said and kept in
// memory for them, in the forms that programs give to digits.
//
// What is found is told by the name of the place where the number was put, so
// that a hit says who leaked, and never by the number.
package leakhunt
