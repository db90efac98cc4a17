using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1;

namespace RetentionScore.Server.Reflection;

/// <summary>Answers one question of the reflection protocol. A question that cannot be answered gets an error response; the stream goes on.</summary>
internal sealed class ReflectionAnswers(DescriptorIndex index)
{
    public ServerReflectionResponse To(ServerReflectionRequest request)
    {
        var response = new ServerReflectionResponse { ValidHost = request.Host, OriginalRequest = request };
        switch (request.MessageRequestCase)
        {
            case ServerReflectionRequest.MessageRequestOneofCase.ListServices:
                response.ListServicesResponse = new ListServiceResponse
                {
                    Service = { index.ServiceNames.Select(name => new ServiceResponse { Name = name }) },
                };
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileByFilename:
                AnswerFile(response, index.File(request.FileByFilename), request.FileByFilename);
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileContainingSymbol:
                AnswerFile(response, index.FileOfSymbol(request.FileContainingSymbol), request.FileContainingSymbol);
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileContainingExtension:
                var (type, number) = (request.FileContainingExtension.ContainingType, request.FileContainingExtension.ExtensionNumber);
                AnswerFile(response, index.FileOfExtension(type, number), $"extension {number} of {type}");
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.AllExtensionNumbersOfType:
                AnswerExtensionNumbers(response, request.AllExtensionNumbersOfType);
                break;
            default:
                response.ErrorResponse = Error(StatusCode.InvalidArgument, "message_request is not set, or of a newer protocol");
                break;
        }

        return response;
    }

    private void AnswerExtensionNumbers(ServerReflectionResponse response, string type)
    {
        if (index.ExtensionNumbers(type) is { } numbers)
        {
            response.AllExtensionNumbersResponse = new ExtensionNumberResponse { BaseTypeName = type, ExtensionNumber = { numbers } };
        }
        else
        {
            response.ErrorResponse = NotFound(type);
        }
    }

    /// <summary>The file asked for first, then all that it imports.</summary>
    private static void AnswerFile(ServerReflectionResponse response, FileDescriptor? file, string asked)
    {
        if (file is null)
        {
            response.ErrorResponse = NotFound(asked);
            return;
        }

        response.FileDescriptorResponse = new FileDescriptorResponse();
        Add(file, response.FileDescriptorResponse, new HashSet<string>(StringComparer.Ordinal));
    }

    private static void Add(FileDescriptor file, FileDescriptorResponse response, HashSet<string> sent)
    {
        if (!sent.Add(file.Name)) return;
        response.FileDescriptorProto.Add(file.SerializedData);
        foreach (var import in file.Dependencies) Add(import, response, sent);
    }

    private static ErrorResponse NotFound(string asked) => Error(StatusCode.NotFound, $"not found: {asked}");

    private static ErrorResponse Error(StatusCode code, string message) => new() { ErrorCode = (int)code, ErrorMessage = message };
}
