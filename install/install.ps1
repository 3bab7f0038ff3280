<#
Installs the shelfd.exe beside it as a service of this machine, or brings the one
that is installed up to date. Needs no network. In a PowerShell that was opened
as administrator:

    powershell -ExecutionPolicy Bypass -File install.ps1
    powershell -ExecutionPolicy Bypass -File install.ps1 -Uninstall
#>
[CmdletBinding()]
param([switch] $Uninstall)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$folder = Join-Path $env:ProgramFiles 'shelfd'
$program = Join-Path $folder 'shelfd.exe'
$source = Join-Path $PSScriptRoot 'shelfd.exe'
$example = Join-Path $PSScriptRoot 'config.example.yaml'
$config = Join-Path $env:ProgramData 'shelfd\config.yaml'
$machine = 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment'

# Says what is wrong and ends with one of shelfd's exit codes.
function Stop-With([int] $code, [string] $message) {
    [Console]::Error.WriteLine("install.ps1: $message")
    exit $code
}

# Runs a shelfd in silence and gives its exit code. What it writes must not pass
# through PowerShell, which takes a line on standard error for a failure.
function Test-Shelfd([string] $file, [string] $arguments) {
    & $env:ComSpec /d /c "`"`"$file`" $arguments >nul 2>nul`""
    return $LASTEXITCODE
}

# Has the program's folder in PATH once, or not at all.
function Set-ProgramPath([bool] $wanted) {
    $now = (Get-Item $machine).GetValue('Path', '', 'DoNotExpandEnvironmentNames')
    $parts = @($now -split ';' | Where-Object { $_ -and $_.TrimEnd('\') -ne $folder })
    if ($wanted) { $parts += $folder }
    Set-ItemProperty -Path $machine -Name Path -Type ExpandString -Value ($parts -join ';')
}

function Remove-Shelfd {
    if (-not (Test-Path $program)) { Stop-With 4 "there is no $program, so there is nothing to remove" }
    & $program service uninstall
    if ($LASTEXITCODE -notin 0, 4) { Stop-With $LASTEXITCODE 'the service could not be removed, so the program stays: see above' }
    Remove-Item -Recurse -Force $folder
    Set-ProgramPath $false
    Write-Output "shelfd is removed. Its settings and the stock stay in $(Split-Path $config)."
}

# Leaves settings that are there as they are. New ones are all commented out:
# what is not set follows the defaults of the version installed.
function Write-Config {
    if ((Test-Path $config) -or -not (Test-Path $example)) { return }
    New-Item -ItemType Directory -Force (Split-Path $config) | Out-Null
    $lines = [IO.File]::ReadAllLines($example) -replace '^([^#])', '#$1'
    [IO.File]::WriteAllLines($config, $lines)
    Write-Output "Settings are in $config; none is needed to begin."
}

function Install-Shelfd {
    if (-not (Test-Path $source)) { Stop-With 4 'there is no shelfd.exe beside this script; unpack the whole archive and run it from there' }
    if ((Test-Shelfd $source 'version') -ne 0) { Stop-With 1 'the shelfd.exe beside this script does not run on this machine; take the archive that is made for it' }
    $before = 4
    if (Test-Path $program) { $before = Test-Shelfd $program 'service status' }
    if ($before -in 0, 20) { & $program service stop }
    New-Item -ItemType Directory -Force $folder | Out-Null
    foreach ($name in 'shelfd.exe', 'README.md', 'config.example.yaml', 'LICENSE') {
        $file = Join-Path $PSScriptRoot $name
        if (Test-Path $file) { Copy-Item -Force $file $folder }
    }
    Set-ProgramPath $true
    Write-Config
    & $program service install
    if ($LASTEXITCODE -ne 0) { Stop-With $LASTEXITCODE "the program is in $folder; its service is not there: see above" }
    if ($before -eq 19) {
        Write-Output 'The service was stopped before and is left so. To start it: shelfd service start'
        return
    }
    & $program service start
    if ($LASTEXITCODE -ne 0) { Stop-With $LASTEXITCODE 'the service did not start: see above' }
    & $program service status
}

$identity = [Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()
if (-not $identity.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    Stop-With 14 'this changes the services of the machine; open PowerShell as administrator and run it again'
}
if ($Uninstall) { Remove-Shelfd } else { Install-Shelfd }
exit 0
