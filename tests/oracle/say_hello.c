/* say_hello.c -- the program that others run: allocates a little, says hello on both streams, and
 * ends with the status it is told (0).
 */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    void *volatile kept = malloc(123);
    printf("hello %s\n", kept ? "world" : "nobody");
    if (argc > 1)
        fprintf(stderr, "status %s\n", argv[1]);
    return argc > 1 ? atoi(argv[1]) : 0;
}
