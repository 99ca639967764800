#!/usr/bin/perl
# Tries what a compromised server would try, and prints one line for each attempt: its name, a tab, and
# `done` or the error's name. The last lines are the folders in which it could make a file.
# Usage: probe.pl PORT FOLDER [OTHER…]: a TCP port of the machine, a folder that the unit has for itself,
# and those in which it tries to make a file; if there are none, it tries all that there are.
use strict;
use warnings;
use Errno;
use Fcntl;
use POSIX ();
use Socket;

my ($port, $folder, @others) = @ARGV;

# x86_64 and aarch64: mmap, ptrace, personality, unshare.
my ($machine) = (POSIX::uname())[4];
my %call = $machine eq 'aarch64'
    ? (mmap => 222, ptrace => 117, personality => 92, unshare => 97)
    : (mmap => 9, ptrace => 101, personality => 135, unshare => 272);
my ($NEWUSER, $NO_RANDOMIZE, $AF_NETLINK, $AF_VSOCK) = (0x10000000, 0x0040000, 16, 40);

sub error { my ($name) = grep { $!{$_} } sort keys %!; return $name // $! }

sub said { my ($name, $done) = @_; my $how = $done ? 'done' : error(); print "$name\t$how\n" }

# Whatever it changes of itself goes away with the child.
sub aside {
    my ($name, $try) = @_;
    pipe(my $read, my $write) or die;
    my $child = fork() // die;
    if (!$child) { my $how = $try->() ? 'done' : error(); syswrite $write, $how; POSIX::_exit(0) }
    close $write;
    my $how = <$read> // 'killed';
    waitpid $child, 0;
    print "$name\t$how\n";
}

sub called { my ($number, @arguments) = @_; return syscall($number, @arguments) != -1 }

sub writes {
    my ($file, $text) = @_;
    sysopen(my $made, $file, O_WRONLY | O_CREAT | O_EXCL, 0700) or return 0;
    syswrite $made, $text;
    return close $made;
}

# Network.
for (['inet', AF_INET, SOCK_STREAM], ['inet6', AF_INET6, SOCK_DGRAM], ['netlink', $AF_NETLINK, SOCK_RAW],
    ['vsock', $AF_VSOCK, SOCK_STREAM])
{
    my ($name, $family, $kind) = @$_;
    said("socket $name", socket(my $socket, $family, $kind, 0));
}
# A packet filter lets nobody know.
local $SIG{ALRM} = sub { };
alarm 2;
my $tcp;
my $connected = socket($tcp, AF_INET, SOCK_STREAM, 0)
    && connect($tcp, pack_sockaddr_in($port, INADDR_LOOPBACK));
said('connect to the machine', $connected);
alarm 0;

# Devices, for reading and writing.
said("device $_", sysopen(my $device, "/dev/$_", O_RDWR)) for qw(nvidia0 nvidiactl null forbidden);

# What belongs to others.
for my $file ('/tmp/of-others', '/home/of-others', '/proc/1/status') {
    said("read $file", sysopen(my $read, $file, O_RDONLY));
}

# Programs.
sub runs { my ($program) = @_; no warnings 'exec'; return !system {$program} $program, '-c', 'exit 0' }
aside('run what it wrote', sub {
    open my $shell, '<', '/usr/bin/dash' or return 0;
    local $/;
    return writes("$folder/dropped", <$shell>) && runs("$folder/dropped");
});
unlink "$folder/dropped";

# The kernel.
aside('memory to write and execute', sub { called($call{mmap}, 0, 4096, 7, 0x22, -1, 0) });
aside('trace', sub { called($call{ptrace}, 0, 0, 0, 0) });
aside('personality', sub { called($call{personality}, $NO_RANDOMIZE) });
aside('namespace', sub { called($call{unshare}, $NEWUSER) });
aside('priority', sub { setpriority(0, 0, 5) });
aside('setuid file', sub { writes("$folder/setuid", '') && chmod 04700, "$folder/setuid" });
aside('owner of a file', sub { writes("$folder/owned", '') && chown $<, $( + 0, "$folder/owned" });
unlink "$folder/setuid", "$folder/owned";

# Folders, but for those of processes.
my @left = @others ? @others : ('/');
while (defined(my $path = shift @left)) {
    my $file = ($path eq '/' ? '' : $path) . "/.probe-$$";
    if (sysopen(my $made, $file, O_WRONLY | O_CREAT | O_EXCL, 0600)) {
        print "writes\t$path\n";
        unlink $file;
    }
    next if @others || $path eq '/proc' || !opendir(my $folder, $path);
    push @left, map { ($path eq '/' ? '' : $path) . "/$_" }
        grep { !/^\.\.?$/ && !-l "$path/$_" && -d _ } readdir $folder;
}
