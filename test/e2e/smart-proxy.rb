# What a Smart Proxy's server is: WEBrick as it comes, with TLS and its default of 100 clients, answering /features.
# ruby smart-proxy.rb CERTIFICATE KEY PORT

require 'webrick'
require 'webrick/https'

certificate, key, port = ARGV
server = WEBrick::HTTPServer.new(
  Port: Integer(port),
  BindAddress: '0.0.0.0',
  MaxClients: 100,
  SSLEnable: true,
  SSLCertificate: OpenSSL::X509::Certificate.new(File.read(certificate)),
  SSLPrivateKey: OpenSSL::PKey.read(File.read(key)),
  AccessLog: [],
)
server.mount_proc('/features') do |_request, response|
  response['Content-Type'] = 'application/json'
  response.body = '["dynflow","registration","script","templates"]'
end
trap('TERM') { server.shutdown }
server.start
